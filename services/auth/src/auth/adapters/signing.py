"""Access tokens: JWT (RFC 9068 in spirit) signed with Ed25519 (RFC 8037, RFC 9864)."""

import json
import os
import time
from collections.abc import Collection
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, KeySetSerialization, OKPKey

from contracts.ids import new_id
from web.callers import ALGORITHM, ISSUER

LIFETIME_S: Final = 15 * 60


class UnusableKeyFile(Exception):
    """The file with the signing keys is there, and isn't what it should be."""


class SigningKeys:
    """See auth.application.ports.AccessTokens. The first key signs; all of them are published."""

    lifetime_s = LIFETIME_S

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self._current = keys.keys[0]

    @property
    def published(self) -> KeySetSerialization:
        """The public halves as a JWK Set (RFC 7517)."""
        return self._keys.as_dict(private=False)

    def issue(self, *, subject: UUID, roles: Collection[str], session_id: UUID) -> str:
        now = int(time.time())
        header = {"alg": ALGORITHM, "kid": self._current.kid}
        claims = {
            "iss": ISSUER,
            "sub": str(subject),
            "roles": sorted(roles),
            "sid": str(session_id),
            "iat": now,
            "exp": now + LIFETIME_S,
            "jti": str(new_id()),
        }
        return jwt.encode(header, claims, self._current, algorithms=[ALGORITHM])


def open_signing_keys(path: Path) -> SigningKeys:
    """The keys in a file, a private JWK Set; it is made when it isn't there.

    Raises UnusableKeyFile.
    """
    if not path.exists():
        _make(path)
    try:
        keys = KeySet.import_key_set(json.loads(path.read_text(encoding="utf-8")))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise UnusableKeyFile(f"{path} holds no JWK Set: {error!r}") from error
    if not keys.keys or not all(_can_sign(key) for key in keys):
        raise UnusableKeyFile(f"{path} must hold private Ed25519 keys alone")
    for key in keys:
        key.ensure_kid()
    return SigningKeys(keys)


def _can_sign(key: Key) -> bool:
    return isinstance(key, OKPKey) and key.is_private and key.curve_name == "Ed25519"


def _make(path: Path) -> None:
    """Whole or not at all; of two instances that start at once, one makes it and both use it."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as file:
        json.dump(KeySet([key]).as_dict(private=True), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
        # A temporary file is its owner's alone, and its second name keeps that.
        try:
            path.hardlink_to(file.name)
        except FileExistsError:
            return
