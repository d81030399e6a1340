"""Events that more than one use case announces."""

from typing import Literal

from auth.application.ports import AuthWork
from auth.domain.session import Session
from auth.domain.user import User
from contracts.auth import SessionRevoked, UserChanged

RevocationReason = Literal["signed_out", "refresh_token_reused", "user_deactivated"]


def announce_change(user: User, work: AuthWork) -> None:
    work.announce(
        UserChanged(
            user_id=user.id, name=user.name, roles=sorted(user.roles), is_active=user.is_active
        ),
        version=user.version,
    )


def announce_revocation(session: Session, reason: RevocationReason, work: AuthWork) -> None:
    # Its end is the only thing that is ever announced of a session, so its sequence starts there.
    work.announce(
        SessionRevoked(user_id=session.subject, session_id=session.id, reason=reason), version=1
    )
