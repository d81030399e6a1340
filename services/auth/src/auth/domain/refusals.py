"""What auth refuses."""

from uuid import UUID


class Refusal(Exception):
    """A rule of auth said no; nothing has changed."""


class UserNotFound(Refusal):
    def __init__(self, user_id: UUID) -> None:
        super().__init__("there is no such user")
        self.user_id = user_id


class SessionNotFound(Refusal):
    def __init__(self, session_id: UUID) -> None:
        super().__init__("there is no such session, or it has ended")
        self.session_id = session_id


class EmailTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("somebody is registered with this e-mail address")


class InvalidCredentials(Refusal):
    """Never says which part was wrong."""

    def __init__(self) -> None:
        super().__init__("the e-mail address or the password is wrong")


class AccountDeactivated(Refusal):
    def __init__(self) -> None:
        super().__init__("an administrator has deactivated this account")


class InvalidRefreshToken(Refusal):
    def __init__(self) -> None:
        super().__init__("the refresh token is unknown, used up, or its session has ended")


class TooManyAttempts(Refusal):
    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__("too many attempts to sign in have failed")
        self.retry_after_s = retry_after_s


class StaleVersion(Refusal):
    def __init__(self, user_id: UUID, *, expected_version: int, version: int) -> None:
        super().__init__(f"the user is at version {version} by now")
        self.user_id = user_id
        self.expected_version = expected_version
        self.version = version


class LastAdmin(Refusal):
    def __init__(self, user_id: UUID) -> None:
        super().__init__("this is the last active administrator")
        self.user_id = user_id
