from dataclasses import dataclass

from auth.application.open_session import open_session
from auth.application.ports import AccessTokens, BeginWork
from auth.application.visitor import Visitor
from auth.domain.user import ROLE_OF_STRANGERS
from contracts.auth import TokensView
from contracts.ids import new_id


@dataclass(frozen=True, kw_only=True)
class EnterAnonymously:
    begin: BeginWork
    access_tokens: AccessTokens

    async def __call__(self, visitor: Visitor) -> TokensView:
        subject = new_id()
        async with self.begin("EnterAnonymously", actor=subject) as work:
            return await open_session(
                work,
                self.access_tokens,
                subject=subject,
                roles={ROLE_OF_STRANGERS},
                is_anonymous=True,
                user_agent=visitor.user_agent,
            )
