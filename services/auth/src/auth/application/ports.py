"""What the use cases need of the outside world."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from auth.domain.session import Session
from auth.domain.user import User
from contracts.auth import SessionView, UserView
from contracts.contract import Event
from contracts.paging import Page


class Overloaded(Exception):
    """More passwords wait to be hashed than can be hashed soon; nothing has changed."""


class Users(Protocol):
    async def get(self, user_id: UUID) -> User:
        """The user, locked for this unit of work. Raises UserNotFound."""

    async def find(self, user_id: UUID) -> User | None:
        """The user as last committed, to look at only."""

    async def active_admins(self) -> set[UUID]:
        """All of them, locked for this unit of work, so that none goes away meanwhile."""

    async def add(self, user: User) -> None:
        """Raises EmailTaken."""

    async def save(self, user: User) -> None:
        """Write back what `get` has read or `add` has written."""

    async def replace_password_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        """The same password hashed anew; nothing happens when the old hash isn't there any more."""


class Sessions(Protocol):
    async def get(self, session_id: UUID) -> Session:
        """The session, locked for this unit of work. Raises SessionNotFound."""

    async def of_token(self, token_hash: str) -> Session | None:
        """The session that ever had this refresh token, locked for this unit of work."""

    async def live_of(self, subject: UUID) -> list[Session]:
        """Where somebody is signed in, locked for this unit of work."""

    async def add(self, session: Session) -> None: ...

    async def save(self, session: Session) -> None:
        """Write back what has been read; its earlier refresh tokens stay known."""


class AuthWork(Protocol):
    """One unit of work of auth."""

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    def announce(self, event: Event, *, version: int) -> None: ...


class BeginWork(Protocol):
    """Begins the unit of work of a request that didn't come as a command.

    `doing` names the request, `actor` is who makes it, if that is known. It commits when its block
    ends, and an error that leaves the block undoes it.
    """

    def __call__(
        self, doing: str, *, actor: UUID | None
    ) -> AbstractAsyncContextManager[AuthWork]: ...


class AuthReads(Protocol):
    """What can be looked up."""

    async def user_of_email(self, email: str) -> User | None: ...

    async def user(self, user_id: UUID) -> UserView:
        """Raises UserNotFound."""

    async def users(
        self, *, email: str | None, limit: int, after: str | None
    ) -> Page[UserView]: ...

    async def sessions(
        self, subject: UUID, *, current: UUID | None, limit: int, after: str | None
    ) -> Page[SessionView]:
        """The sessions of `subject` that have not ended."""


@dataclass(frozen=True, kw_only=True)
class PasswordCheck:
    """`new_hash`: the password is right, and its hash is out of date."""

    is_right: bool
    new_hash: str | None = None


class Passwords(Protocol):
    async def hash(self, password: str) -> str:
        """Raises Overloaded."""

    async def check(self, password: str, password_hash: str | None) -> PasswordCheck:
        """Takes as long without a hash (which is never right) as with one. Raises Overloaded."""


class AccessTokens(Protocol):
    @property
    def lifetime_s(self) -> int: ...

    def issue(self, *, subject: UUID, roles: Collection[str], session_id: UUID) -> str: ...


class SignInAttempts(Protocol):
    """Slows down whoever guesses passwords. An attempt has failed unless the other two are told."""

    def begin(self, email: str, address: str) -> None:
        """Raises TooManyAttempts."""

    def withdraw(self, email: str, address: str) -> None:
        """The attempt was never judged."""

    def succeed(self, email: str, address: str) -> None:
        """The password was right: earlier failures with this e-mail address are forgiven."""
