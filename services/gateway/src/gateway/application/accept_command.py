from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.contract import Command
from contracts.ids import new_id
from gateway.application.ports import BeginWork, KeyTaken
from gateway.domain.operation import Operation
from gateway.domain.refusals import IdempotencyKeyReused


@dataclass(frozen=True, kw_only=True)
class AcceptCommand:
    """From here on the command is never lost: operation and outbox commit together."""

    begin: BeginWork

    async def __call__(
        self, command: Command, *, subject: UUID, fingerprint: str, key: str | None
    ) -> Operation:
        """The operation of this command, or the one that the key names already.

        Raises IdempotencyKeyReused.
        """
        try:
            return await self._accept(command, subject, fingerprint, key)
        except KeyTaken:
            return await self._accept(command, subject, fingerprint, key)

    async def _accept(
        self, command: Command, subject: UUID, fingerprint: str, key: str | None
    ) -> Operation:
        now = datetime.now(UTC)
        async with self.begin(actor=subject) as work:
            known = await work.operations.by_key(subject, key, now=now) if key else None
            if known is not None:
                if known.fingerprint != fingerprint:
                    raise IdempotencyKeyReused(known.id)
                return known
            operation = Operation(
                id=new_id(),
                subject=subject,
                command=command.type,
                fingerprint=fingerprint,
                idempotency_key=key,
                created_at=now,
            )
            await work.operations.add(operation)
            work.ask(command, command_id=operation.id)
        return operation
