"""From a raw record to a message of ours, one by one: a bad one spoils no other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from contracts.contract import Message
from messaging.envelope import Envelope, EnvelopeError


class Record(Protocol):
    """What we need of an aiokafka ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A record that is a message of its topic."""

    record: Record
    envelope: Envelope
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """A record that isn't; `envelope` is known when only the body is bad."""

    record: Record
    error: str
    envelope: Envelope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A well-formed message of a type that this version doesn't know or doesn't handle."""

    record: Record
    envelope: Envelope


class Decoder:
    """Decodes records into the message types it is given."""

    def __init__(self, handled: Iterable[type[Message]]) -> None:
        self._types = {message.model_fields["type"].default: message for message in handled}

    def decode(self, record: Record) -> Received | Undecodable | Unknown:
        """Never raises: what can't be decoded comes back as Undecodable."""
        try:
            envelope = Envelope.from_headers(record.headers)
        except EnvelopeError as error:
            return Undecodable(record=record, error=str(error))
        message_type = self._types.get(envelope.type)
        if message_type is None:
            return Unknown(record=record, envelope=envelope)
        try:
            message = message_type.model_validate_json(record.value or b"")
        except ValidationError as error:
            return Undecodable(record=record, error=_summary(error), envelope=envelope)
        return Received(
            record=record,
            envelope=envelope,
            message=message,
        )


def _summary(error: ValidationError) -> str:
    """Where and why, without the values: they may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)[:5]
    )
