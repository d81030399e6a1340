"""CloudEvents 1.0 for Kafka in binary mode: attributes in headers, JSON in the value.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from contracts.ids import new_id
from contracts.topics import TOPICS, Topic
from messaging.values import value_class

MAX_HEADER_BYTES: Final = 1_024

_LONGEST: Final = {
    "ce_type": 64,
    "ce_source": 128,
    "ce_subject": 128,
    "ce_actor": 128,
    "traceparent": 64,
}
"""In characters: what the columns of every store can hold."""

_uuid: Final = TypeAdapter(UUID).validate_python
"""Five times as fast as UUID, and every message has three of them."""


class EnvelopeError(ValueError):
    """The headers of a record are not those of a CloudEvent of ours; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """Where the outcome of a command goes. No partition: by key."""

    topic: str
    partition: int | None = None


_ADDRESSES: Final = {
    (topic.name, None if partition is None else str(partition)): ReplyAddress(
        topic=topic.name, partition=partition
    )
    for topic in TOPICS
    if topic.name.endswith(".outcomes.v1")
    for partition in (None, *range(topic.partitions))
}
"""By what their headers say: a relay that publishes anywhere else gets stuck."""


@value_class
class Envelope:
    """What is known of a message besides its body.

    `sequence` is the aggregate's version after an event; `causation_id` the message that led to
    this one; `correlation_id` the first of that chain; `actor` the person on whose behalf.
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

    def headers(self) -> dict[str, str]:
        """The headers by name; attributes that are None are left out."""
        reply = self.reply_to
        optional = {
            "ce_causationid": self.causation_id,
            "ce_sequence": self.sequence,
            "ce_actor": self.actor,
            "ce_replyto": reply and reply.topic,
            "ce_replypartition": reply and reply.partition,
            "traceparent": self.traceparent,
        }
        return {
            "ce_specversion": "1.0",
            "ce_id": str(self.id),
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_subject": self.subject,
            "ce_time": self.time.isoformat(),
            "ce_correlationid": str(self.correlation_id),
            "content-type": "application/json",
        } | {name: str(value) for name, value in optional.items() if value is not None}

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes | None]]) -> "Envelope":
        """The envelope in a record's raw headers.

        Raises EnvelopeError for a header that isn't UTF-8 or is too long, for an attribute that is
        missing or malformed or that no store could hold, and for an answer to nowhere.
        """
        try:
            text = _texts(headers)
            _require_storable(text)
            causation = text.get("ce_causationid")
            return cls(
                id=_uuid(text["ce_id"]),
                type=text["ce_type"],
                source=text["ce_source"],
                subject=text["ce_subject"],
                time=datetime.fromisoformat(text["ce_time"]),
                correlation_id=_uuid(text.get("ce_correlationid") or text["ce_id"]),
                causation_id=None if causation is None else _uuid(causation),
                sequence=_integer(text.get("ce_sequence")),
                actor=text.get("ce_actor"),
                traceparent=text.get("traceparent"),
                reply_to=_reply_address(text),
            )
        except KeyError as missing:
            raise EnvelopeError(f"header {missing} is missing") from None
        except ValidationError:
            raise EnvelopeError("an id is not a UUID") from None
        except ValueError as error:
            raise EnvelopeError(str(error)) from None


@value_class
class Outgoing:
    """A message as it will be published. `value` is JSON text; no partition: by key."""

    topic: str
    key: str
    value: str
    headers: dict[str, str]
    partition: int | None = None


def reply_here(topic: Topic, partition: int | None = None) -> ReplyAddress:
    """The address of one's own outcomes topic, or of one partition of it."""
    return ReplyAddress(topic=topic.name, partition=partition)


def _texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    texts = {}
    for name, value in headers:
        if value is None:
            raise EnvelopeError(f"header {name} has no value")
        if len(value) > MAX_HEADER_BYTES:
            raise EnvelopeError(f"a header has {len(value)} bytes, {MAX_HEADER_BYTES} are allowed")
        texts[name] = value.decode()
    return texts


def _integer(value: str | None) -> int | None:
    return None if value is None else int(value)


def _require_storable(headers: dict[str, str]) -> None:
    """A record that can be read but not remembered would stop its partition for good."""
    for name, longest in _LONGEST.items():
        value = headers.get(name)
        if value is not None and (not 0 < len(value) <= longest or "\0" in value):
            raise EnvelopeError(f"{name} is not 1 to {longest} characters of text")


def _reply_address(headers: dict[str, str]) -> ReplyAddress | None:
    topic = headers.get("ce_replyto")
    if topic is None:
        return None
    address = _ADDRESSES.get((topic, headers.get("ce_replypartition")))
    if address is None:
        raise EnvelopeError("the reply address is not a partition of a topic of outcomes")
    return address
