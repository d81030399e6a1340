"""Who is calling: the access token is verified by every service itself."""

import asyncio
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

import httpx2
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from web.problems import FORBIDDEN, UNAUTHENTICATED, UNAVAILABLE, ProblemError

ISSUER: Final = "frontdesk"
ALGORITHM: Final = "Ed25519"
_CACHED_TOKENS: Final = 4_096
_KEYS_FRESH_S: Final = 300.0
_KEYS_RETRY_S: Final = 2.0
_KEYS_WAIT_S: Final = 3.0

NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has proved who they are. `token` is what they proved it with."""

    subject: UUID
    roles: frozenset[str]
    session_id: UUID | None = None
    token: str = ""

    @property
    def is_staff(self) -> bool:
        """May they act for the organisation?"""
        return bool(self.roles & {"staff", "admin"})

    @property
    def is_service(self) -> bool:
        """Is it another service of this deployment?"""
        return "service" in self.roles

    @property
    def sees_everything(self) -> bool:
        """Staff and services see everybody's things; everybody else their own."""
        return self.is_staff or self.is_service


class InvalidToken(Exception):
    """The token is malformed, forged, expired, or not for us."""


class TokenVerifier:
    """Verifies access tokens with auth's public keys, and the deployment's internal key.

    Without an internal key no service is let in: that is how a public door verifies. Keys are
    fetched from `<auth_url>/.well-known/jwks.json`, kept for five minutes (longer while auth is
    away) and fetched anew for a token that they don't fit, at most every two seconds. Verified
    tokens are remembered by their SHA-256 until they expire.
    """

    def __init__(self, auth_url: str, internal_key: str | None, http: httpx2.AsyncClient) -> None:
        self._url = f"{auth_url}/.well-known/jwks.json"
        self._internal_key = internal_key and internal_key.encode()
        self._http = http
        self._keys: KeySet | None = None
        self._keys_until = 0.0
        self._next_fetch = 0.0
        self._lock = asyncio.Lock()
        self._verified: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        """Whose token it is.

        Raises InvalidToken; httpx2.HTTPError when auth's keys are needed and can't be had.
        """
        if self._internal_key and hmac.compare_digest(token.encode(), self._internal_key):
            return Caller(subject=NOBODY, roles=frozenset({"service"}), token=token)
        digest = sha256(token.encode()).digest()
        if known := self._verified.get(digest):
            caller, expires_at = known
            if expires_at > time.time():
                return caller
            del self._verified[digest]
        caller, expires_at = self._read(await self._decode(token), token)
        self._verified[digest] = (caller, expires_at)
        if len(self._verified) > _CACHED_TOKENS:
            self._verified.popitem(last=False)
        return caller

    async def _decode(self, token: str) -> dict[str, Any]:
        keys = await self._current_keys()
        try:
            return self._claims(token, keys)
        except (JoseError, ValueError):
            keys = await self._current_keys(anew=True)
        try:
            return self._claims(token, keys)
        except (JoseError, ValueError) as error:
            raise InvalidToken(str(error)) from None

    @staticmethod
    def _claims(token: str, keys: KeySet) -> dict[str, Any]:
        claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
        JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(claims)
        return claims

    @staticmethod
    def _read(claims: dict[str, Any], token: str) -> tuple[Caller, float]:
        try:
            caller = Caller(
                subject=UUID(claims["sub"]),
                roles=frozenset(claims["roles"]),
                session_id=UUID(claims["sid"]),
                token=token,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken(f"a claim is missing or malformed: {error}") from None
        return caller, float(claims["exp"])

    async def _current_keys(self, *, anew: bool = False) -> KeySet:
        if self._keys is not None and not anew and time.monotonic() < self._keys_until:
            return self._keys
        async with self._lock:
            known = self._keys
            if known is not None and time.monotonic() < self._next_fetch:
                return known
            try:
                self._keys = await self._fetch_keys()
            except httpx2.HTTPError:
                if known is None:
                    raise
                return known
            finally:
                self._next_fetch = time.monotonic() + _KEYS_RETRY_S
            self._keys_until = time.monotonic() + _KEYS_FRESH_S
            return self._keys

    async def _fetch_keys(self) -> KeySet:
        response = await self._http.get(self._url, timeout=_KEYS_WAIT_S)
        response.raise_for_status()
        return KeySet.import_key_set(response.json())


_bearer = HTTPBearer(auto_error=False)


async def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    if credentials is None:
        raise ProblemError(UNAUTHENTICATED.problem(), {"WWW-Authenticate": "Bearer"})
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return await verifier.verify(credentials.credentials)
    except InvalidToken:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        detail = "the access token is malformed, expired or not ours"
        raise ProblemError(UNAUTHENTICATED.problem(detail), challenge) from None
    except httpx2.HTTPError:
        raise ProblemError(UNAVAILABLE.problem("sign-in is away"), {"Retry-After": "2"}) from None


SignedIn = Annotated[Caller, Depends(_caller)]
"""Anybody with a valid token: a visitor, a customer, staff, or a service."""


async def _staff(caller: SignedIn) -> Caller:
    if not caller.is_staff:
        raise ProblemError(FORBIDDEN.problem("this is for staff"))
    return caller


async def _admin(caller: SignedIn) -> Caller:
    if "admin" not in caller.roles:
        raise ProblemError(FORBIDDEN.problem("this is for administrators"))
    return caller


async def _service(caller: SignedIn) -> Caller:
    if not caller.is_service:
        raise ProblemError(FORBIDDEN.problem("this is for services"))
    return caller


async def _customer(caller: SignedIn) -> Caller:
    if not caller.roles & {"customer", "staff", "admin"}:
        raise ProblemError(FORBIDDEN.problem("register or sign in first"))
    return caller


Staff = Annotated[Caller, Depends(_staff)]
Admin = Annotated[Caller, Depends(_admin)]
Service = Annotated[Caller, Depends(_service)]
Customer = Annotated[Caller, Depends(_customer)]
