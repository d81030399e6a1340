from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from auth.application.announcements import announce_revocation
from auth.application.ports import AccessTokens, AuthWork, BeginWork
from auth.domain.refresh_token import hash_of, make_refresh_token
from auth.domain.refusals import InvalidRefreshToken
from auth.domain.session import Session
from auth.domain.user import ROLE_OF_STRANGERS
from contracts.auth import RefreshRequest, TokensView


@dataclass(frozen=True, kw_only=True)
class RefreshSession:
    begin: BeginWork
    access_tokens: AccessTokens

    async def __call__(self, request: RefreshRequest) -> TokensView:
        presented = hash_of(request.refresh_token)
        async with self.begin("RefreshSession", actor=None) as work:
            tokens = await self._renew(presented, work)
        # Only now: an error inside the block would undo the revocation of a copied token's session.
        if tokens is None:
            raise InvalidRefreshToken
        return tokens

    async def _renew(self, presented: str, work: AuthWork) -> TokensView | None:
        now = datetime.now(UTC)
        session = await work.sessions.of_token(presented)
        if session is None or not session.is_live(now):
            return None
        if not session.accepts(presented):
            session.revoke(now)
            await work.sessions.save(session)
            announce_revocation(session, "refresh_token_reused", work)
            return None
        roles = await _roles_now(session, work)
        if roles is None:
            return None
        refresh_token = make_refresh_token()
        session.rotate(hash_of(refresh_token), now)
        await work.sessions.save(session)
        access_token = self.access_tokens.issue(
            subject=session.subject, roles=roles, session_id=session.id
        )
        return TokensView(
            access_token=access_token,
            refresh_token=refresh_token,
            expires_in=self.access_tokens.lifetime_s,
        )


async def _roles_now(session: Session, work: AuthWork) -> Collection[str] | None:
    """None: nobody who may sign in."""
    if session.is_anonymous:
        return {ROLE_OF_STRANGERS}
    user = await work.users.find(session.subject)
    return user.roles if user and user.is_active else None
