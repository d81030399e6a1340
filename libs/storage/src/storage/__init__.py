"""Unit of work, outbox and inbox tables, keyset pages and migrations for SQL stores."""
