"""Delivery: envelope, consumers, relay, inbox, dead letters and outcomes."""
