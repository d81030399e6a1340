"""Backing servers as fixtures, fakes, and what drives a service without a network."""
