"""The public REST API, a module per part of the surface."""
