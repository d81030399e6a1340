"""Refresh tokens: random, kept by the client alone; the store has their hashes."""

import secrets
from hashlib import sha256
from typing import Final

RANDOM_BYTES: Final = 32


def make_refresh_token() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)


def hash_of(refresh_token: str) -> str:
    """Unsalted and fast, which is enough for what nobody can guess."""
    return sha256(refresh_token.encode()).hexdigest()
