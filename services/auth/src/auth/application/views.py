from auth.domain.session import Session
from auth.domain.user import User
from contracts.auth import SessionView, UserView


def user_view(user: User) -> UserView:
    return UserView(
        id=user.id,
        version=user.version,
        created_at=user.created_at,
        email=user.email,
        name=user.name,
        roles=sorted(user.roles),
        is_active=user.is_active,
    )


def session_view(session: Session, *, is_current: bool) -> SessionView:
    return SessionView(
        id=session.id,
        is_current=is_current,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )
