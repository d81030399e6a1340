"""Unit of work, outbox, inbox, pages and migrations, on SQL stores and on MongoDB."""
