from dataclasses import dataclass
from datetime import UTC, datetime

from auth.application.ports import AuthWork, BeginWork, Passwords
from auth.application.views import user_view
from auth.domain.user import User
from contracts.auth import RegistrationRequest, UserRegistered, UserView
from contracts.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Register:
    begin: BeginWork
    passwords: Passwords

    async def __call__(self, request: RegistrationRequest) -> UserView:
        # Hashing takes its time, so no transaction is open meanwhile.
        password_hash = await self.passwords.hash(request.password)
        user = new_user(email=request.email, name=request.name, password_hash=password_hash)
        async with self.begin("Register", actor=user.id) as work:
            await add_user(user, work)
        return user_view(user)


def new_user(*, email: str, name: str, password_hash: str) -> User:
    return User(
        id=new_id(),
        email=email,
        name=name,
        password_hash=password_hash,
        created_at=datetime.now(UTC),
    )


async def add_user(user: User, work: AuthWork) -> None:
    await work.users.add(user)
    work.announce(UserRegistered(user_id=user.id, name=user.name), version=user.version)
