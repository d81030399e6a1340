from auth.application.announcements import announce_change
from auth.application.ports import AuthWork
from auth.application.views import user_view
from contracts.auth import ChangeProfile, UserView


async def change_profile(command: ChangeProfile, work: AuthWork) -> UserView:
    user = await work.users.get(command.user_id)
    user.require_version(command.expected_version)
    if user.rename(command.name):
        await work.users.save(user)
        announce_change(user, work)
    return user_view(user)
