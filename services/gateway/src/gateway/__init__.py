"""The public REST API: operations, limits and live answers."""
