"""What can be looked up in auth's SQL store."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from auth.adapters.sql import live_sessions, user_of
from auth.adapters.tables import sessions, users
from auth.application.views import session_view, user_view
from auth.domain.refusals import UserNotFound
from auth.domain.session import Session
from auth.domain.user import User
from contracts.auth import SessionView, UserView
from contracts.paging import Page
from storage.database import Database
from storage.pages import fetch_page


class SqlAuthReads:
    """See auth.application.ports.AuthReads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def user_of_email(self, email: str) -> User | None:
        return await self._user(select(users).where(users.c.email == email))

    async def user(self, user_id: UUID) -> UserView:
        user = await self._user(select(users).where(users.c.id == user_id))
        if user is None:
            raise UserNotFound(user_id)
        return user_view(user)

    async def users(self, *, email: str | None, limit: int, after: str | None) -> Page[UserView]:
        query = select(users)
        if email is not None:
            query = query.where(users.c.email == email)
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(connection, query, users.c.id, limit=limit, after=after)
        return Page(items=[user_view(user_of(row)) for row in rows], next=cursor)

    async def sessions(
        self, subject: UUID, *, current: UUID | None, limit: int, after: str | None
    ) -> Page[SessionView]:
        query = live_sessions(subject, datetime.now(UTC))
        async with self._db.read() as connection:
            rows, cursor = await fetch_page(
                connection, query, sessions.c.id, limit=limit, after=after
            )
        views = [
            session_view(Session(**row._mapping), is_current=row.id == current) for row in rows
        ]
        return Page(items=views, next=cursor)

    async def _user(self, query: "Select[Any]") -> User | None:
        async with self._db.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else user_of(row)
