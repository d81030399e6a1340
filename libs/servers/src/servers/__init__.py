"""Backing servers as local processes: how each is prepared, started and seen to be ready."""
