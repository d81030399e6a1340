"""Auth's ports in memory, for unit tests."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from auth.application.ports import PasswordCheck
from auth.application.views import user_view
from auth.domain.refusals import EmailTaken, SessionNotFound, UserNotFound
from auth.domain.session import Session, start_session
from auth.domain.user import User
from contracts.auth import SessionView, UserView
from contracts.contract import Event
from contracts.ids import new_id
from contracts.paging import Page
from testkit.works import RecordingWork


def a_user(**values: Any) -> User:
    known: dict[str, Any] = {
        "id": new_id(),
        "email": "ada@shop.example",
        "name": "Ada",
        "password_hash": "hash of analytical engine",
        "created_at": datetime.now(UTC),
    }
    return User(**known | values)


def a_session(**values: Any) -> Session:
    known: dict[str, Any] = {
        "id": new_id(),
        "subject": new_id(),
        "is_anonymous": False,
        "user_agent": "Netscape",
        "token_hash": "first",
        "at": datetime.now(UTC),
    }
    return start_session(**known | values)


@dataclass
class Rows:
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    tokens: dict[str, UUID] = field(default_factory=dict)


class FakeUsers:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, user_id: UUID) -> User:
        if user_id not in self._rows.users:
            raise UserNotFound(user_id)
        return deepcopy(self._rows.users[user_id])

    async def find(self, user_id: UUID) -> User | None:
        return deepcopy(self._rows.users.get(user_id))

    async def active_admins(self) -> set[UUID]:
        return {user.id for user in self._rows.users.values() if user.is_active_admin}

    async def add(self, user: User) -> None:
        if any(known.email == user.email for known in self._rows.users.values()):
            raise EmailTaken
        await self.save(user)

    async def save(self, user: User) -> None:
        self._rows.users[user.id] = deepcopy(user)

    async def replace_password_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        assert self._rows.users[user_id].password_hash == old
        self._rows.users[user_id].password_hash = new


class FakeSessions:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, session_id: UUID) -> Session:
        if session_id not in self._rows.sessions:
            raise SessionNotFound(session_id)
        return deepcopy(self._rows.sessions[session_id])

    async def of_token(self, token_hash: str) -> Session | None:
        session_id = self._rows.tokens.get(token_hash)
        return None if session_id is None else await self.get(session_id)

    async def live_of(self, subject: UUID) -> list[Session]:
        return [
            deepcopy(session)
            for session in self._rows.sessions.values()
            if session.subject == subject and session.is_live(datetime.now(UTC))
        ]

    async def add(self, session: Session) -> None:
        await self.save(session)

    async def save(self, session: Session) -> None:
        self._rows.sessions[session.id] = deepcopy(session)
        self._rows.tokens[session.token_hash] = session.id


class FakeWork(RecordingWork):
    def __init__(self, rows: Rows | None = None) -> None:
        super().__init__(source="auth")
        self.rows = rows or Rows()
        self.users = FakeUsers(self.rows)
        self.sessions = FakeSessions(self.rows)

    def knows(self, *things: User | Session) -> None:
        for thing in things:
            if isinstance(thing, User):
                self.rows.users[thing.id] = thing
            else:
                self.rows.sessions[thing.id] = thing
                self.rows.tokens[thing.token_hash] = thing.id


class FakeStore:
    """Commits what a block has done, unless an error leaves it. Looks things up, too."""

    def __init__(self, *things: User | Session) -> None:
        self.committed = FakeWork()
        self.committed.knows(*things)
        self.events: list[Event] = []

    @asynccontextmanager
    async def begin(self, doing: str, *, actor: UUID | None) -> AsyncIterator[FakeWork]:
        work = FakeWork(deepcopy(self.committed.rows))
        yield work
        self.committed = work
        self.events += work.announced

    @property
    def users(self) -> dict[UUID, User]:
        return self.committed.rows.users

    @property
    def sessions(self) -> dict[UUID, Session]:
        return self.committed.rows.sessions

    async def user_of_email(self, email: str) -> User | None:
        return next((user for user in self.users.values() if user.email == email), None)

    async def expire(self, session_id: UUID) -> None:
        self.sessions[session_id].expires_at = datetime.now(UTC) - timedelta(seconds=1)


class FakeReads:
    """The part of AuthReads that use cases need."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    async def user_of_email(self, email: str) -> User | None:
        return await self._store.user_of_email(email)

    async def user(self, user_id: UUID) -> UserView:
        return user_view(self._store.users[user_id])

    async def users(self, *, email: str | None, limit: int, after: str | None) -> Page[UserView]:
        raise AssertionError("no use case lists users")

    async def sessions(
        self, subject: UUID, *, current: UUID | None, limit: int, after: str | None
    ) -> Page[SessionView]:
        raise AssertionError("no use case lists sessions")


@dataclass
class FakePasswords:
    """`checked` are the hashes that passwords were compared with; `error` is raised instead."""

    new_hash: str | None = None
    error: Exception | None = None
    checked: list[str | None] = field(default_factory=list)

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def check(self, password: str, password_hash: str | None) -> PasswordCheck:
        if self.error:
            raise self.error
        self.checked.append(password_hash)
        is_right = password_hash == f"hash of {password}"
        return PasswordCheck(is_right=is_right, new_hash=self.new_hash if is_right else None)


class FakeTokens:
    lifetime_s = 900

    def issue(self, *, subject: UUID, roles: Collection[str], session_id: UUID) -> str:
        return f"{subject} {','.join(sorted(roles))} {session_id}"


@dataclass
class FakeAttempts:
    calls: list[str] = field(default_factory=list)
    error: Exception | None = None

    def begin(self, email: str, address: str) -> None:
        if self.error:
            raise self.error
        self.calls.append(f"begin {email} {address}")

    def withdraw(self, email: str, address: str) -> None:
        self.calls.append(f"withdraw {email} {address}")

    def succeed(self, email: str, address: str) -> None:
        self.calls.append(f"succeed {email} {address}")
