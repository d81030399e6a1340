"""What has been received before, and how it ended."""

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from contracts.gateway import Outcome
from contracts.ids import derived_id
from messaging.envelope import Envelope, Outgoing, ReplyAddress
from messaging.values import value_class
from messaging.work import MESSAGE_CHARACTERS, Settlement


def fingerprint_of(message_type: str, value: bytes) -> str:
    """SHA-256 in hex over a message's type and its value."""
    return sha256(message_type.encode() + b"\0" + value).hexdigest()


@value_class
class InboxEntry:
    """A message that `consumer` has received. No settlement: an event, or not settled yet."""

    consumer: str
    message_id: UUID
    message_type: str
    fingerprint: str
    correlation_id: UUID
    traceparent: str | None = None
    reply_to: ReplyAddress | None = None
    settlement: Settlement | None = None

    @classmethod
    def of(
        cls,
        consumer: str,
        envelope: Envelope,
        fingerprint: str,
        settlement: Settlement | None = None,
    ) -> "InboxEntry":
        """The entry of a message that has been received, and settled perhaps."""
        return cls(
            consumer=consumer,
            message_id=envelope.id,
            message_type=envelope.type,
            fingerprint=fingerprint,
            correlation_id=envelope.correlation_id,
            traceparent=envelope.traceparent,
            reply_to=envelope.reply_to,
            settlement=settlement,
        )

    def settled(self, settlement: Settlement) -> "InboxEntry":
        """The same entry with its outcome."""
        return replace(self, settlement=settlement)

    def outcome(self) -> Outgoing | None:
        """The outcome on its way to whoever asked; None when nobody did or there is none yet.

        Its id is derived from the command's and from how it ended, so a repeated outcome is known
        as the same, and one that follows a redriven failure as another.
        """
        if self.reply_to is None or self.settlement is None:
            return None
        outcome = Outcome(
            command_id=self.message_id,
            command=self.message_type,
            state=self.settlement.state,
            result=self.settlement.result,
            problem=self.settlement.problem,
        )
        value = outcome.model_dump_json()
        if len(value) > MESSAGE_CHARACTERS:
            # It has succeeded all the same, and can be read where it lies.
            value = outcome.model_copy(update={"result": None}).model_dump_json()
        envelope = Envelope(
            id=derived_id("outcome", self.message_id, self.fingerprint, self.settlement.state),
            type=outcome.type,
            source=self.consumer,
            subject=outcome.aggregate_id,
            correlation_id=self.correlation_id,
            causation_id=self.message_id,
            traceparent=self.traceparent,
        )
        return Outgoing(
            topic=self.reply_to.topic,
            key=outcome.aggregate_id,
            value=value,
            headers=envelope.headers(),
            partition=self.reply_to.partition,
        )
