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
        self,
        command: Command,
        *,
        subject: UUID,
        fingerprint: str,
        key: str | None,
        command_id: UUID | None = None,
    ) -> Operation:
        """The operation of this command, or the one that the key names already.

        It gets the `command_id`, which is new, or one of its own. Raises IdempotencyKeyReused.
        """
        operation = Operation(
            id=command_id or new_id(),
            subject=subject,
            command=command.type,
            fingerprint=fingerprint,
            idempotency_key=key,
            created_at=datetime.now(UTC),
        )
        try:
            return await self._accept(command, operation)
        except KeyTaken:
            return await self._accept(command, operation)

    async def _accept(self, command: Command, new: Operation) -> Operation:
        subject, key = new.subject, new.idempotency_key
        async with self.begin(actor=subject) as work:
            known = await work.operations.by_key(subject, key, now=new.created_at) if key else None
            if known is not None:
                if known.fingerprint != new.fingerprint:
                    raise IdempotencyKeyReused(known.id)
                return known
            await work.operations.add(new)
            work.ask(command, command_id=new.id)
        return new
