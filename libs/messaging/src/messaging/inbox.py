"""What has been received before, and how it ended."""

from dataclasses import field, replace
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final
from uuid import UUID

from contracts.gateway import Outcome
from contracts.ids import derived_id_text
from messaging.envelope import Envelope, Outgoing, ReplyAddress, id_text, time_text
from messaging.message_format import (
    HeaderBlock,
    block_of_effects,
    block_of_sender,
    message_record,
)
from messaging.values import Late, value_class
from messaging.work import MESSAGE_CHARACTERS, Settlement, json_text

_TYPE: Final[str] = Outcome.model_fields["type"].default
_OF_ENVELOPE: Final = frozenset({"correlation_id", "traceparent", "reply_to", "effects"})


def fingerprint_of(message_type: str, value: bytes) -> str:
    """SHA-256 in hex over a message's type and its value."""
    return sha256(message_type.encode() + b"\0" + value).hexdigest()


@value_class
class InboxEntry(Late):
    """A message that `consumer` has received. No settlement: an event, or not settled yet.

    `effects` are those of its envelope.
    """

    consumer: str
    message_id: UUID
    message_type: str
    fingerprint: str
    correlation_id: UUID
    traceparent: str | None = None
    reply_to: ReplyAddress | None = None
    settlement: Settlement | None = None
    effects: HeaderBlock = field(init=False, repr=False, compare=False)

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

    @classmethod
    def received(
        cls, consumer: str, envelope: Envelope, value: bytes, settlement: Settlement | None = None
    ) -> "InboxEntry":
        """The entry of a message with this body.

        What its outcome needs is made now, if there is one; the rest when somebody asks for it.
        """
        entry: Any = cls.__new__(cls)
        entry.consumer = consumer
        entry.message_id = envelope.id
        entry.message_type = envelope.type
        entry.settlement = settlement
        entry.origin = (envelope, value)
        if settlement is not None:
            entry.fingerprint = fingerprint_of(envelope.type, value)
            entry.reply_to = envelope.reply_to
            entry.effects = envelope.effects
        return entry  # type: ignore[no-any-return]

    def settled(self, settlement: Settlement) -> "InboxEntry":
        """The same entry with its outcome."""
        return replace(self, settlement=settlement)

    def outcome(self, time: str | None = None) -> Outgoing | None:
        """The outcome on its way to whoever asked; None when nobody did or there is none yet.

        It is said to be sent at `time` (None: now). Its id is derived from the command's and from
        how it ended, so a repeated outcome is known as the same, and one that follows a redriven
        failure as another.
        """
        settlement, reply_to = self.settlement, self.reply_to
        if reply_to is None or settlement is None:
            return None
        return outcome_of(
            self.consumer,
            time or time_text(),
            message_type=self.message_type,
            command_id=id_text(self.message_id),
            fingerprint=self.fingerprint,
            settlement=settlement,
            effects=self.effects,
            reply_to=reply_to,
        )

    def _fill(self, name: str) -> None:
        entry: Any = self
        origin = None if name == "origin" else getattr(self, "origin", None)
        if origin is None:
            if name == "effects":
                ids = id_text(self.correlation_id), id_text(self.message_id)
                entry.effects = block_of_effects(*ids, self.traceparent)
        elif name == "fingerprint":
            envelope, value = origin
            entry.fingerprint = fingerprint_of(envelope.type, value)
        elif name in _OF_ENVELOPE:
            setattr(entry, name, getattr(origin[0], name))


def outcome_of(
    consumer: str,
    time: str,
    *,
    message_type: str,
    command_id: str,
    fingerprint: str,
    settlement: Settlement,
    effects: HeaderBlock,
    reply_to: ReplyAddress,
) -> Outgoing:
    """The outcome of a command, as `InboxEntry.outcome` tells it."""
    record = message_record(
        key=command_id,
        value=_value(message_type, command_id, settlement).encode(),
        id=derived_id_text("outcome", command_id, fingerprint, settlement.state),
        type=_TYPE,
        of_sender=block_of_sender(consumer, time),
        of_effects=effects,
    )
    return Outgoing.encoded(reply_to.topic, record, reply_to.partition)


def _value(message_type: str, command_id: str, settlement: Settlement) -> str:
    """JSON of a contracts.gateway.Outcome. Put together by hand: it takes a fifth of the time.

    A result that is too large is left out: the command has succeeded all the same, and what it did
    can be read where it lies.
    """
    problem = settlement.problem
    start = (
        f'{{"type":"{_TYPE}","command_id":"{command_id}"'
        f',"command":{_quoted(message_type)},"state":"{settlement.state}","result":'
    )
    end = f',"problem":{"null" if problem is None else problem.model_dump_json()}}}'
    value = start + json_text(settlement.result) + end
    return value if len(value) <= MESSAGE_CHARACTERS else start + "null" + end
