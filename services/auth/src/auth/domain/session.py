from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LIFETIME: Final = timedelta(days=30)


@dataclass(kw_only=True)
class Session:
    """One place where somebody is signed in, until `expires_at` or until it is revoked.

    Only its newest refresh token renews it. One that was replaced has been copied by somebody, so
    whoever holds it, the session is over.
    """

    id: UUID
    subject: UUID
    is_anonymous: bool
    user_agent: str
    token_hash: str = field(repr=False)
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at

    def accepts(self, token_hash: str) -> bool:
        return token_hash == self.token_hash

    def rotate(self, token_hash: str, at: datetime) -> None:
        assert self.is_live(at), "a session that has ended is not renewed"
        self.token_hash = token_hash
        self.last_used_at = at

    def revoke(self, at: datetime) -> None:
        assert self.revoked_at is None, "a session is revoked once"
        self.revoked_at = at


def start_session(
    *,
    id: UUID,
    subject: UUID,
    is_anonymous: bool,
    user_agent: str,
    token_hash: str,
    at: datetime,
) -> Session:
    return Session(
        id=id,
        subject=subject,
        is_anonymous=is_anonymous,
        user_agent=user_agent,
        token_hash=token_hash,
        created_at=at,
        last_used_at=at,
        expires_at=at + LIFETIME,
    )
