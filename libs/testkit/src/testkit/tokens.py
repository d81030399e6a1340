"""Access tokens for tests, signed by a key that a TokenVerifier can fetch."""

import time
from typing import Any, Final
from uuid import UUID

import httpx2
from joserfc import jwt
from joserfc.jwk import Key, KeyParameters, KeySet, OKPKey

from contracts.ids import new_id
from web.callers import ALGORITHM, ISSUER, TokenVerifier

INTERNAL_KEY: Final = "internal-key-of-the-tests"


class TokenIssuer:
    """Stands in for auth: signs tokens, and answers with its public keys on a fake transport.

    `requests` counts how often the keys were fetched; while `is_away`, fetching fails.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.is_away = False
        self._keys: list[Key] = []
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on; earlier ones stay published."""
        parameters: KeyParameters = {"kid": new_id().hex, "alg": ALGORITHM, "use": "sig"}
        self._keys.append(OKPKey.generate_key("Ed25519", parameters))

    def token(self, subject: UUID, *roles: str, **claims: Any) -> str:
        """An access token for five minutes; `claims` replace its own, and None leaves one out."""
        key = self._keys[-1]
        content = {
            "iss": ISSUER,
            "sub": str(subject),
            "roles": list(roles),
            "sid": str(new_id()),
            "exp": int(time.time()) + 300,
        } | claims
        header = {"alg": ALGORITHM, "kid": key.kid}
        given = {name: value for name, value in content.items() if value is not None}
        return jwt.encode(header, given, key, algorithms=[ALGORITHM])

    def authorization(self, subject: UUID, *roles: str) -> dict[str, str]:
        """The header of a request by that person."""
        return {"Authorization": f"Bearer {self.token(subject, *roles)}"}

    def verifier(self, internal_key: str | None = INTERNAL_KEY) -> TokenVerifier:
        """A new verifier that fetches its keys from here."""
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        return TokenVerifier("http://auth.test", internal_key, http)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        if self.is_away or request.url.path != "/.well-known/jwks.json":
            return httpx2.Response(503)
        return httpx2.Response(200, json=KeySet(self._keys).as_dict(private=False))
