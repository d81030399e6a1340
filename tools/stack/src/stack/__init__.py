"""The embedded stack: starts the broker and the six services, demo and status."""
