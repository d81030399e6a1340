"""From a raw record to a message of ours, one by one: a bad one spoils no other."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from pydantic import ValidationError
from pydantic_core import from_json

from contracts.contract import Message
from messaging.envelope import Envelope, EnvelopeError
from messaging.values import value_class

_ESCAPED_NUL: Final = b"\\u0000"
"""JSON can say it, PostgreSQL can't keep it: such a message would stop its partition for good."""

_BACKSLASH: Final = ord("\\")
"""One byte is found in a tenth of the time, and most bodies have none."""


class Record(Protocol):
    """What we need of an aiokafka ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]


@value_class
class Received:
    """A record that is a message of its topic."""

    record: Record
    envelope: Envelope
    message: Message


@value_class
class Undecodable:
    """A record that isn't; `envelope` is known when only the body is bad."""

    record: Record
    error: str
    envelope: Envelope | None = None


@value_class
class Unknown:
    """A well-formed message of a type that this version doesn't know or doesn't handle."""

    record: Record
    envelope: Envelope


Decoded: TypeAlias = Received | Undecodable | Unknown


class Decoder:
    """Decodes records into the message types it is given."""

    def __init__(self, handled: Iterable[type[Message]]) -> None:
        # Straight to the validators: model_validate_json takes a quarter longer.
        self._validators = {
            message.model_fields["type"].default: message.__pydantic_validator__
            for message in handled
        }

    def decode(self, records: Sequence[Record]) -> list[Decoded]:
        """What each of them is. Never raises: what can't be decoded is Undecodable.

        First all headers, then all bodies: what does one of these stays in the processor's cache.
        """
        heads = [_envelope(record) for record in records]
        return [self._decoded(*pair) for pair in zip(records, heads, strict=True)]

    def _decoded(self, record: Record, head: Envelope | Undecodable) -> Decoded:
        if isinstance(head, Undecodable):
            return head
        validator = self._validators.get(head.type)
        if validator is None:
            return Unknown(record=record, envelope=head)
        value = record.value or b""
        try:
            message = validator.validate_json(value)
        except ValidationError as error:
            return Undecodable(record=record, error=_summary(error), envelope=head)
        if _BACKSLASH in value and _ESCAPED_NUL in value and _has_nul(from_json(value)):
            return Undecodable(record=record, error="U+0000 can't be stored", envelope=head)
        return Received(record=record, envelope=head, message=message)


def origin_headers(record: Record) -> dict[str, str]:
    """Where a record came from, to be kept with what is made of it."""
    return {
        "origin-topic": record.topic,
        "origin-partition": str(record.partition),
        "origin-offset": str(record.offset),
    }


def _envelope(record: Record) -> Envelope | Undecodable:
    try:
        return Envelope.from_headers(record.headers)
    except EnvelopeError as error:
        return Undecodable(record=record, error=str(error))


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(part) for item in value.items() for part in item)
    return isinstance(value, list) and any(_has_nul(part) for part in value)


def _summary(error: ValidationError) -> str:
    """Where and why, without the values: they may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)[:5]
    )
