"""What auth takes, announces and shows. Its commands never carry a secret."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.contract import Body, Command, Event, UtcDatetime, VersionedView, View
from contracts.topics import AUTH_COMMANDS, AUTH_EVENTS, Topic

Role = Literal["anonymous", "customer", "staff", "admin", "service"]
GrantedRole = Literal["customer", "staff", "admin"]
Email = Annotated[
    str,
    StringConstraints(
        min_length=3, max_length=254, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    ),
]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200, strip_whitespace=False)]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RegistrationRequest(Body):
    """A person becomes a customer."""

    email: Email
    password: Password
    name: PersonName


class LoginRequest(Body):
    """A person signs in."""

    email: Email
    password: Annotated[str, StringConstraints(max_length=200, strip_whitespace=False)]


class RefreshRequest(Body):
    """A client renews its tokens."""

    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class ProfilePatch(Body):
    """A person changes what others see of them."""

    name: PersonName


class UserPatch(Body):
    """An admin changes what a person may do; what isn't named stays."""

    roles: Annotated[list[GrantedRole], Field(min_length=1, max_length=3)] | None = None
    is_active: bool | None = None


class AuthCommand(Command):
    """Sent by the gateway."""

    topic: ClassVar[Topic] = AUTH_COMMANDS
    aggregate: ClassVar[str] = "user_id"
    user_id: UUID
    expected_version: int


class ChangeProfile(AuthCommand):
    """Answered with a UserView; refused when `expected_version` is stale."""

    type: Literal["ChangeProfile"] = "ChangeProfile"
    name: str


class ChangeUser(AuthCommand):
    """Sent for an admin; answered with a UserView; refused when `expected_version` is stale."""

    type: Literal["ChangeUser"] = "ChangeUser"
    roles: list[GrantedRole] | None = None
    is_active: bool | None = None


class AuthEvent(Event):
    """Announced by auth."""

    topic: ClassVar[Topic] = AUTH_EVENTS
    aggregate: ClassVar[str] = "user_id"
    user_id: UUID


class UserRegistered(AuthEvent):
    """A person has become a customer."""

    type: Literal["UserRegistered"] = "UserRegistered"
    name: str


class UserChanged(AuthEvent):
    """A person's name, roles or standing has changed; the event holds all of them."""

    type: Literal["UserChanged"] = "UserChanged"
    name: str
    roles: list[GrantedRole]
    is_active: bool


class SessionRevoked(AuthEvent):
    """A sign-in session has ended before its time; its access tokens run out by themselves."""

    aggregate: ClassVar[str] = "session_id"
    type: Literal["SessionRevoked"] = "SessionRevoked"
    session_id: UUID
    reason: Literal["signed_out", "refresh_token_reused", "user_deactivated"]


AuthCommands = Annotated[ChangeProfile | ChangeUser, Field(discriminator="type")]
AuthEvents = Annotated[UserRegistered | UserChanged | SessionRevoked, Field(discriminator="type")]


class UserView(VersionedView):
    """A person as they and staff see them."""

    email: str
    name: str
    roles: list[GrantedRole]
    is_active: bool


class TokensView(View):
    """What a client needs to act for somebody. `expires_in` is in seconds (RFC 6749)."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme, not a secret
    expires_in: int


class SessionView(View):
    """One place where somebody is signed in."""

    id: UUID
    is_current: bool
    user_agent: str
    created_at: UtcDatetime
    last_used_at: UtcDatetime
    expires_at: UtcDatetime
