"""What has been received before, and how it ended."""

from dataclasses import replace
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final
from uuid import UUID

from contracts.gateway import Outcome
from contracts.ids import derived_id_text
from messaging.envelope import (
    Envelope,
    Outgoing,
    ReplyAddress,
    id_text,
    shared_headers,
    time_text,
)
from messaging.values import Late, value_class
from messaging.work import MESSAGE_CHARACTERS, Settlement, json_text

_TYPE: Final[str] = Outcome.model_fields["type"].default
_OF_ENVELOPE: Final = frozenset({"correlation_id", "traceparent", "reply_to"})


def fingerprint_of(message_type: str, value: bytes) -> str:
    """SHA-256 in hex over a message's type and its value."""
    return sha256(message_type.encode() + b"\0" + value).hexdigest()


@value_class
class InboxEntry(Late):
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

    @classmethod
    def received(
        cls, consumer: str, envelope: Envelope, value: bytes, settlement: Settlement | None = None
    ) -> "InboxEntry":
        """The entry of a message with this body. What a store keeps is made when it asks for it."""
        entry: Any = cls.__new__(cls)
        entry.consumer = consumer
        entry.message_id = envelope.id
        entry.message_type = envelope.type
        entry.settlement = settlement
        entry.origin = (envelope, value)
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
        command_id = id_text(self.message_id)
        headers = shared_headers(
            source=self.consumer,
            time=time or time_text(),
            correlation_id=self.correlation_id,
            causation_id=self.message_id,
            traceparent=self.traceparent,
        )
        headers["ce_id"] = derived_id_text(
            "outcome", command_id, self.fingerprint, settlement.state
        )
        headers["ce_type"] = _TYPE
        headers["ce_subject"] = command_id
        return Outgoing(
            topic=reply_to.topic,
            key=command_id,
            value=self._value(command_id, settlement),
            headers=headers,
            partition=reply_to.partition,
        )

    def _fill(self, name: str) -> None:
        entry: Any = self
        if name == "fingerprint":
            envelope, value = self.origin
            entry.fingerprint = fingerprint_of(envelope.type, value)
        elif name in _OF_ENVELOPE:
            envelope, _value = self.origin
            entry.correlation_id = envelope.correlation_id
            entry.traceparent = envelope.traceparent
            entry.reply_to = envelope.reply_to

    def _value(self, command_id: str, settlement: Settlement) -> str:
        """JSON of a contracts.gateway.Outcome. Put together by hand: it takes a fifth of the time.

        A result that is too large is left out: the command has succeeded all the same, and what it
        did can be read where it lies.
        """
        problem = settlement.problem
        start = (
            f'{{"type":"{_TYPE}","command_id":"{command_id}"'
            f',"command":{_quoted(self.message_type)},"state":"{settlement.state}","result":'
        )
        end = f',"problem":{"null" if problem is None else problem.model_dump_json()}}}'
        value = start + json_text(settlement.result) + end
        return value if len(value) <= MESSAGE_CHARACTERS else start + "null" + end
