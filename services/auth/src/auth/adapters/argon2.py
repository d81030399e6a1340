"""Passwords by argon2id (RFC 9106), hashed outside the event loop."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from auth.application.ports import Overloaded, PasswordCheck

T = TypeVar("T")

# The second choice of OWASP's Password Storage Cheat Sheet: about 25 ms and 19 MiB a hash.
ITERATIONS: Final = 2
MEMORY_KIB: Final = 19 * 1024
THREADS: Final = 2
MAX_WAITING: Final = 32


class Argon2Passwords:
    """See auth.application.ports.Passwords. At most `max_waiting` wait for one of the threads."""

    def __init__(
        self,
        *,
        iterations: int = ITERATIONS,
        memory_kib: int = MEMORY_KIB,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=iterations, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16
        )
        self._nobodys_hash = self._hasher.hash(secrets.token_urlsafe())
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._max_busy = THREADS + max_waiting
        self._busy = 0

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(_bytes_of(password)))

    async def check(self, password: str, password_hash: str | None) -> PasswordCheck:
        return await self._run(lambda: self._check(_bytes_of(password), password_hash))

    def _check(self, password: bytes, password_hash: str | None) -> PasswordCheck:
        try:
            self._hasher.verify(password_hash or self._nobodys_hash, password)
        except VerifyMismatchError:
            return PasswordCheck(is_right=False)
        if password_hash is None:
            return PasswordCheck(is_right=False)
        is_outdated = self._hasher.check_needs_rehash(password_hash)
        new_hash = self._hasher.hash(password) if is_outdated else None
        return PasswordCheck(is_right=True, new_hash=new_hash)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._busy >= self._max_busy:
            raise Overloaded(f"{self._busy} passwords are being hashed or wait for it")
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1


def _bytes_of(password: str) -> bytes:
    """The same bytes however a keyboard composes its accents (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode()
