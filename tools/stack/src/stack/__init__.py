"""The stack: starts servers and the six services on one machine; demo and status."""
