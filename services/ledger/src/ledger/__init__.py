"""Accounts, transactions, entries and holds."""
