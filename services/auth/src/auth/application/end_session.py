from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth.application.announcements import announce_revocation
from auth.application.ports import BeginWork
from auth.domain.refusals import SessionNotFound


@dataclass(frozen=True, kw_only=True)
class EndSession:
    begin: BeginWork

    async def __call__(self, session_id: UUID, *, subject: UUID) -> None:
        """Raises SessionNotFound, also for somebody else's session and for one that has ended."""
        now = datetime.now(UTC)
        async with self.begin("EndSession", actor=subject) as work:
            session = await work.sessions.get(session_id)
            if session.subject != subject or not session.is_live(now):
                raise SessionNotFound(session_id)
            session.revoke(now)
            await work.sessions.save(session)
            announce_revocation(session, "signed_out", work)
