"""Records as a consumer gets them, made without a broker."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from uuid import UUID

from contracts.contract import Message
from contracts.ids import new_id
from contracts.topics import GATEWAY_OUTCOMES
from messaging.envelope import Envelope, Outgoing, ReplyAddress

TO_GATEWAY: Final = ReplyAddress(topic=GATEWAY_OUTCOMES.name)

_offsets = count()


@dataclass(kw_only=True)
class LogRecord:
    """See messaging.records.Record."""

    topic: str
    partition: int = 0
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]


def envelope_of(message: Message, **attributes: Any) -> Envelope:
    """The envelope of a message that somebody has sent; `attributes` say what matters of it."""
    known: dict[str, Any] = {
        "type": message.type,
        "source": "test",
        "subject": message.aggregate_id,
        "correlation_id": new_id(),
    }
    return Envelope(**known | attributes)


def record_of(
    message: Message,
    *,
    id: UUID | None = None,
    reply_to: ReplyAddress | None = TO_GATEWAY,
    value: bytes | None = None,
    **attributes: Any,
) -> LogRecord:
    """A record of that message; `value` replaces its body."""
    envelope = envelope_of(message, id=id or new_id(), reply_to=reply_to, **attributes)
    return LogRecord(
        topic=message.topic.name,
        offset=next(_offsets),
        key=message.aggregate_id.encode(),
        value=message.model_dump_json().encode() if value is None else value,
        headers=[(name, text.encode()) for name, text in envelope.headers().items()],
    )


def delivered(message: Outgoing) -> LogRecord:
    """What a service has put into its outbox, as its consumers get it."""
    return LogRecord(
        topic=message.topic,
        offset=next(_offsets),
        key=message.key.encode(),
        value=message.value.encode(),
        headers=[(name, text.encode()) for name, text in message.headers.items()],
    )
