from dataclasses import dataclass

from auth.application.open_session import open_session
from auth.application.ports import (
    AccessTokens,
    AuthReads,
    BeginWork,
    Overloaded,
    PasswordCheck,
    Passwords,
    SignInAttempts,
)
from auth.application.visitor import Visitor
from auth.domain.refusals import AccountDeactivated, InvalidCredentials
from auth.domain.user import User
from contracts.auth import LoginRequest, TokensView


@dataclass(frozen=True, kw_only=True)
class LogIn:
    begin: BeginWork
    reads: AuthReads
    passwords: Passwords
    attempts: SignInAttempts
    access_tokens: AccessTokens

    async def __call__(self, request: LoginRequest, visitor: Visitor) -> TokensView:
        self.attempts.begin(request.email, visitor.address)
        user = await self.reads.user_of_email(request.email)
        check = await self._check(request, user, visitor)
        if user is None or not check.is_right:
            raise InvalidCredentials
        self.attempts.succeed(request.email, visitor.address)
        if not user.is_active:
            raise AccountDeactivated
        async with self.begin("LogIn", actor=user.id) as work:
            if check.new_hash:
                await work.users.replace_password_hash(
                    user.id, old=user.password_hash, new=check.new_hash
                )
            return await open_session(
                work,
                self.access_tokens,
                subject=user.id,
                roles=user.roles,
                is_anonymous=False,
                user_agent=visitor.user_agent,
            )

    async def _check(
        self, request: LoginRequest, user: User | None, visitor: Visitor
    ) -> PasswordCheck:
        password_hash = user.password_hash if user else None
        try:
            return await self.passwords.check(request.password, password_hash)
        except Overloaded:
            self.attempts.withdraw(request.email, visitor.address)
            raise
