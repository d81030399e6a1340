"""Backing servers as fixtures, fault proxy and conformance suites."""
