"""Conversations and answers with evidence."""
