"""Auth's ports on PostgreSQL and SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.adapters.tables import refresh_tokens, sessions, users
from auth.domain.refusals import EmailTaken, SessionNotFound, UserNotFound
from auth.domain.session import Session
from auth.domain.user import User
from contracts.ids import new_id
from messaging.envelope import Envelope
from messaging.work import Postbox
from storage.store import SqlStore
from storage.versions import update_version
from storage.work import SqlWork
from telemetry.traces import current_traceparent


class SqlUsers:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, user_id: UUID) -> User:
        query = select(users).where(users.c.id == user_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise UserNotFound(user_id)
        self._read_versions[user_id] = row.version
        return user_of(row)

    async def find(self, user_id: UUID) -> User | None:
        query = select(users).where(users.c.id == user_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else user_of(row)

    async def active_admins(self) -> set[UUID]:
        query = (
            select(users.c.id).where(users.c.is_active_admin).order_by(users.c.id).with_for_update()
        )
        return set((await self._connection.execute(query)).scalars())

    async def add(self, user: User) -> None:
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(users).values(**_values(user)))
        except IntegrityError:
            raise EmailTaken from None
        self._read_versions[user.id] = user.version

    async def save(self, user: User) -> None:
        await update_version(
            self._connection,
            users,
            id=user.id,
            read_version=self._read_versions[user.id],
            values=_values(user),
        )
        self._read_versions[user.id] = user.version

    async def replace_password_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        is_unchanged = (users.c.id == user_id) & (users.c.password_hash == old)
        await self._connection.execute(update(users).where(is_unchanged).values(password_hash=new))


class SqlSessions:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_hashes: dict[UUID, str] = {}

    async def get(self, session_id: UUID) -> Session:
        found = await self._locked(select(sessions).where(sessions.c.id == session_id))
        if not found:
            raise SessionNotFound(session_id)
        return found[0]

    async def of_token(self, token_hash: str) -> Session | None:
        query = (
            select(sessions)
            .join(refresh_tokens, refresh_tokens.c.session_id == sessions.c.id)
            .where(refresh_tokens.c.token_hash == token_hash)
        )
        found = await self._locked(query)
        return found[0] if found else None

    async def live_of(self, subject: UUID) -> list[Session]:
        query = live_sessions(subject, datetime.now(UTC)).order_by(sessions.c.id)
        return await self._locked(query)

    async def add(self, session: Session) -> None:
        await self._connection.execute(insert(sessions).values(**asdict(session)))
        await self._remember_token(session)

    async def save(self, session: Session) -> None:
        await self._connection.execute(
            update(sessions).where(sessions.c.id == session.id).values(**asdict(session))
        )
        if session.token_hash != self._read_hashes[session.id]:
            await self._remember_token(session)

    async def _remember_token(self, session: Session) -> None:
        await self._connection.execute(
            insert(refresh_tokens).values(token_hash=session.token_hash, session_id=session.id)
        )
        self._read_hashes[session.id] = session.token_hash

    async def _locked(self, query: "Select[Any]") -> list[Session]:
        rows = await self._connection.execute(query.with_for_update(of=sessions))
        found = [Session(**row._mapping) for row in rows]
        self._read_hashes.update((session.id, session.token_hash) for session in found)
        return found


class SqlAuthWork(SqlWork):
    """See auth.application.ports.AuthWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.users = SqlUsers(connection)
        self.sessions = SqlSessions(connection)


@dataclass(frozen=True)
class SqlBegin:
    """See auth.application.ports.BeginWork. Events go through the outbox as a command's do."""

    store: SqlStore[SqlAuthWork]

    @asynccontextmanager
    async def __call__(self, doing: str, *, actor: UUID | None) -> AsyncIterator[SqlAuthWork]:
        request_id = new_id()
        cause = Envelope(
            id=request_id,
            type=doing,
            source=self.store.name,
            subject=str(actor or request_id),
            correlation_id=request_id,
            actor=str(actor) if actor else None,
            traceparent=current_traceparent.get(),
        )
        async with self.store.begin() as transaction, transaction.work(cause) as work:
            yield work


def user_of(row: Any) -> User:
    values = dict(row._mapping)
    del values["is_active_admin"]
    return User(**values | {"roles": frozenset(row.roles)})


def live_sessions(subject: UUID, at: datetime) -> "Select[Any]":
    return select(sessions).where(
        sessions.c.subject == subject,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > at,
    )


def _values(user: User) -> dict[str, Any]:
    return asdict(user) | {
        "roles": sorted(user.roles),
        "is_active_admin": user.is_active_admin,
    }
