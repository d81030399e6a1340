"""CloudEvents 1.0 for Kafka in binary mode: attributes in headers, JSON in the value.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from re import Match
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from contracts.ids import new_id
from contracts.topics import Topic
from messaging.layouts import MAX_HEADER_BYTES, OUTCOMES, matched
from messaging.message_format import HeaderBlock, block_of_effects
from messaging.record_format import contents_of, key_of, record_of
from messaging.values import Late, value_class

_uuid_python: Final = SchemaSerializer(core_schema.uuid_schema()).to_python
_uuid_of: Final[Callable[[str], UUID]] = SchemaValidator(core_schema.uuid_schema()).validate_python
"""In a quarter of the time that `UUID` takes."""


class EnvelopeError(ValueError):
    """The headers of a record are not those of a CloudEvent of ours; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """Where the outcome of a command goes. No partition: by key."""

    topic: str
    partition: int | None = None

    def headers(self) -> dict[str, str]:
        """The headers that ask for an answer there."""
        if self.partition is None:
            return {"ce_replyto": self.topic}
        return {"ce_replyto": self.topic, "ce_replypartition": str(self.partition)}


_ADDRESSES: Final = {
    (topic.name, None if partition is None else str(partition)): ReplyAddress(
        topic=topic.name, partition=partition
    )
    for topic in OUTCOMES
    for partition in (None, *range(topic.partitions))
}
"""By what their headers say."""


@value_class
class Envelope(Late):
    """What is known of a message besides its body.

    `sequence` is the aggregate's version after an event; `causation_id` the message that led to
    this one; `correlation_id` the first of that chain; `actor` the person on whose behalf.
    `effects` are headers of whatever it leads to, encoded once for all of them.
    """

    type: str
    source: str
    subject: str
    id: UUID = field(default_factory=new_id)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    correlation_id: UUID
    causation_id: UUID | None = None
    sequence: int | None = None
    actor: str | None = None
    traceparent: str | None = None
    reply_to: ReplyAddress | None = None
    effects: HeaderBlock = field(init=False, repr=False, compare=False)

    def headers(self) -> dict[str, str]:
        """The headers by name; attributes that are None are left out."""
        optional = {
            "ce_causationid": None if self.causation_id is None else id_text(self.causation_id),
            "ce_actor": self.actor,
            "traceparent": self.traceparent,
            "ce_sequence": None if self.sequence is None else str(self.sequence),
        }
        headers = {
            "ce_specversion": "1.0",
            "content-type": "application/json",
            "ce_source": self.source,
            "ce_time": self.time.isoformat(),
            "ce_correlationid": id_text(self.correlation_id),
            "ce_id": id_text(self.id),
            "ce_type": self.type,
            "ce_subject": self.subject,
        }
        headers |= {name: text for name, text in optional.items() if text is not None}
        return headers if self.reply_to is None else headers | self.reply_to.headers()

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes | None]]) -> "Envelope":
        """The envelope in a record's raw headers.

        Raises EnvelopeError for a header that isn't UTF-8 or is too long, for an attribute that is
        missing or malformed or that no store could hold, and for an answer to nowhere.
        """
        pairs = tuple(headers)
        match = matched(pairs)
        if match is None:
            return _checked(pairs)
        # Only what everybody asks for; the rest is made of the match when it is asked for.
        envelope: Any = cls.__new__(cls)
        envelope.type, id = match.group("ce_type", "ce_id")
        envelope.id = _uuid_of(id)
        envelope.origin = match
        return envelope  # type: ignore[no-any-return]

    def _fill(self, name: str) -> None:
        envelope: Any = self
        match: Match[str] | None = None if name == "origin" else getattr(self, "origin", None)
        if match is None:
            if name == "effects":
                ids = id_text(self.correlation_id), id_text(self.id)
                envelope.effects = block_of_effects(*ids, self.traceparent)
        elif name in _OF_EFFECTS:
            id, correlation, trace, envelope.actor, topic, partition = match.group(*_FOR_EFFECTS)
            envelope.effects = block_of_effects(correlation or id, id, trace)
            envelope.reply_to = _ADDRESSES.get((topic, partition))
        elif read := _READ.get(name):
            setattr(envelope, name, read(match))


@value_class
class Outgoing(Late):
    """A message as it will be published. `value` is JSON text; no partition: by key.

    `record` is the same as it is sent, see `messaging.record_format`: made of the others when
    somebody asks for it, or they of it.
    """

    topic: str
    key: str
    value: str
    headers: dict[str, str]
    partition: int | None = None
    record: bytes = field(init=False, repr=False, compare=False)

    @classmethod
    def encoded(cls, topic: str, record: bytes, partition: int | None = None) -> "Outgoing":
        """A message whose record there is already."""
        message: Any = cls.__new__(cls)
        message.topic = topic
        message.partition = partition
        message.record = record
        return message  # type: ignore[no-any-return]

    def _fill(self, name: str) -> None:
        message: Any = self
        if name == "record":
            headers = [(name, text.encode()) for name, text in self.headers.items()]
            message.record = record_of(self.key.encode(), self.value.encode(), headers)
        elif name == "key":
            message.key = (key_of(self.record) or b"").decode()
        elif name in {"value", "headers"}:
            _key, value, pairs = contents_of(self.record)
            message.value = (value or b"").decode()
            message.headers = {name: (content or b"").decode() for name, content in pairs}


def reply_here(topic: Topic, partition: int | None = None) -> ReplyAddress:
    """The address of one's own outcomes topic, or of one partition of it."""
    return ReplyAddress(topic=topic.name, partition=partition)


def time_text() -> str:
    """This moment, as messages say it."""
    return datetime.now(UTC).isoformat()


def id_text(id: UUID) -> str:
    """Its canonical form, in a quarter of the time that `str` takes."""
    text: str = _uuid_python(id, mode="json")
    return text


def _checked(pairs: tuple[tuple[str, bytes | None], ...]) -> Envelope:
    """The envelope in headers that aren't of the plainest kind. Raises EnvelopeError."""
    _require_texts(pairs)
    headers = dict(pairs)
    for name in _REQUIRED:
        if name not in headers:
            raise EnvelopeError(f"header {name!r} is missing")
    try:
        attributes = _attributes(tuple(map(headers.get, _ATTRIBUTES)))
    except ValidationError as error:
        raise EnvelopeError(_summary(error)) from None
    kind, source, subject, id, time, correlation, causation, sequence, actor, trace = attributes
    return Envelope(
        type=kind,
        source=source,
        subject=subject,
        id=id,
        time=time,
        correlation_id=correlation or id,
        causation_id=causation,
        sequence=sequence,
        actor=actor,
        traceparent=trace,
        reply_to=_reply_address(headers),
    )


def _require_texts(headers: Iterable[tuple[str, bytes | None]]) -> None:
    for name, value in headers:
        if value is None:
            raise EnvelopeError(f"header {name} has no value")
        if len(value) > MAX_HEADER_BYTES:
            raise EnvelopeError(f"a header has {len(value)} bytes, {MAX_HEADER_BYTES} are allowed")
        try:
            value.decode()
        except UnicodeDecodeError as error:
            raise EnvelopeError(f"header {name} is no text: {error.reason}") from None
        if b"\0" in value and name in _ATTRIBUTES:
            raise EnvelopeError(f"{name} has the character U+0000")


def _reply_address(headers: Mapping[str, bytes | None]) -> ReplyAddress | None:
    topic, partition = headers.get("ce_replyto"), headers.get("ce_replypartition")
    if topic is None:
        return None
    address = _ADDRESSES.get((topic.decode(), None if partition is None else partition.decode()))
    if address is None:
        raise EnvelopeError("the reply address is not a partition of a topic of outcomes")
    return address


def _summary(error: ValidationError) -> str:
    """Which headers and why, without their values: they may be personal."""
    names = tuple(_ATTRIBUTES)
    return "; ".join(
        f"{names[int(item['loc'][0])]}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _text(longest: int) -> CoreSchema:
    """`longest` in characters: what the columns of every store can hold.

    A record that can be read but not remembered would stop its partition for good.
    """
    return core_schema.str_schema(min_length=1, max_length=longest)


def _read(schema: CoreSchema) -> CoreSchema:
    """From text alone: sixteen bytes would be an id, too."""
    return core_schema.chain_schema([core_schema.str_schema(), schema])


_ID: Final = _read(core_schema.uuid_schema())
_TIME: Final = core_schema.no_info_after_validator_function(
    datetime.fromisoformat, core_schema.str_schema()
)
_ATTRIBUTES: Final = {
    "ce_type": _text(64),
    "ce_source": _text(128),
    "ce_subject": _text(128),
    "ce_id": _ID,
    "ce_time": _TIME,
    "ce_correlationid": core_schema.nullable_schema(_ID),
    "ce_causationid": core_schema.nullable_schema(_ID),
    "ce_sequence": core_schema.nullable_schema(_read(core_schema.int_schema(ge=0, le=2**63 - 1))),
    "ce_actor": core_schema.nullable_schema(_text(128)),
    "traceparent": core_schema.nullable_schema(_text(64)),
}

_REQUIRED: Final = tuple(_ATTRIBUTES)[:5]
_attributes: Final = SchemaValidator(
    core_schema.tuple_schema(list(_ATTRIBUTES.values()))
).validate_python

_READ: Final[dict[str, Callable[[Match[str]], Any]]] = {
    "source": lambda match: match["ce_source"],
    "subject": lambda match: match["ce_subject"],
    "time": lambda match: datetime.fromisoformat(match["ce_time"]),
    "causation_id": lambda match: (id := match["ce_causationid"]) and _uuid_of(id),
    "sequence": lambda match: (number := match["ce_sequence"]) and int(number),
    "correlation_id": lambda match: _uuid_of(match["ce_correlationid"] or match["ce_id"]),
    "traceparent": lambda match: match["traceparent"],
}
"""Members of an envelope, made of what its headers' pattern has matched."""

_OF_EFFECTS: Final = frozenset({"actor", "effects", "reply_to"})
"""Whoever answers or announces something asks for all of these, so they are made together."""

_FOR_EFFECTS: Final = (
    *("ce_id", "ce_correlationid", "traceparent"),
    *("ce_actor", "ce_replyto", "ce_replypartition"),
)
