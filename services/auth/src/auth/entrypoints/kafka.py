from typing import Final

from auth.application.change_profile import change_profile
from auth.application.change_user import change_user
from contracts.auth import ChangeProfile, ChangeUser
from contracts.topics import AUTH_COMMANDS
from messaging.work import Handlers

TOPICS: Final = (AUTH_COMMANDS,)

HANDLERS: Final[Handlers] = {
    ChangeProfile: change_profile,
    ChangeUser: change_user,
}
