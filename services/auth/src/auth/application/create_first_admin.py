from dataclasses import dataclass

from auth.application.announcements import announce_change
from auth.application.ports import AuthReads, BeginWork, Passwords
from auth.application.register import add_user, new_user
from auth.domain.refusals import EmailTaken


@dataclass(frozen=True, kw_only=True)
class CreateFirstAdmin:
    begin: BeginWork
    reads: AuthReads
    passwords: Passwords

    async def __call__(self, *, email: str, password: str) -> bool:
        """False: somebody has this e-mail address already, and stays what they are."""
        if await self.reads.user_of_email(email):
            return False
        user = new_user(
            email=email, name="Administrator", password_hash=await self.passwords.hash(password)
        )
        try:
            async with self.begin("CreateFirstAdmin", actor=None) as work:
                await add_user(user, work)
                user.change(roles={"admin"}, is_active=None, active_admins=())
                await work.users.save(user)
                announce_change(user, work)
        except EmailTaken:
            # Another instance was faster.
            return False
        return True
