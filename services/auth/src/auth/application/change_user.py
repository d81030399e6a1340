from datetime import UTC, datetime

from auth.application.announcements import announce_change, announce_revocation
from auth.application.ports import AuthWork
from auth.application.views import user_view
from auth.domain.user import User
from contracts.auth import ChangeUser, UserView


async def change_user(command: ChangeUser, work: AuthWork) -> UserView:
    # The administrators before the user: two who deactivate each other wait in the same order.
    active_admins = await work.users.active_admins()
    user = await work.users.get(command.user_id)
    user.require_version(command.expected_version)
    is_different = user.change(
        roles=command.roles, is_active=command.is_active, active_admins=active_admins
    )
    if is_different:
        await work.users.save(user)
        announce_change(user, work)
    if not user.is_active:
        await _revoke_sessions(user, work)
    return user_view(user)


async def _revoke_sessions(user: User, work: AuthWork) -> None:
    for session in await work.sessions.live_of(user.id):
        session.revoke(datetime.now(UTC))
        await work.sessions.save(session)
        announce_revocation(session, "user_deactivated", work)
