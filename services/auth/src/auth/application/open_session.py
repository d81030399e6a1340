"""A new session and its first tokens, for whoever has just proved who they are."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from auth.application.ports import AccessTokens, AuthWork
from auth.domain.refresh_token import hash_of, make_refresh_token
from auth.domain.session import start_session
from contracts.auth import TokensView
from contracts.ids import new_id


async def open_session(
    work: AuthWork,
    access_tokens: AccessTokens,
    *,
    subject: UUID,
    roles: Collection[str],
    is_anonymous: bool,
    user_agent: str,
) -> TokensView:
    refresh_token = make_refresh_token()
    session = start_session(
        id=new_id(),
        subject=subject,
        is_anonymous=is_anonymous,
        user_agent=user_agent,
        token_hash=hash_of(refresh_token),
        at=datetime.now(UTC),
    )
    await work.sessions.add(session)
    return TokensView(
        access_token=access_tokens.issue(subject=subject, roles=roles, session_id=session.id),
        refresh_token=refresh_token,
        expires_in=access_tokens.lifetime_s,
    )
