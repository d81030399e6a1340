"""The CloudEvents headers of our records as JSON Schemas, by kind of message.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Mapping
from typing import Any, Final

from contracts.contract import Command, Event, Message

Schema = dict[str, Any]


def _text(description: str, **constraints: Any) -> Schema:
    return {"type": "string", "description": description, **constraints}


_ALWAYS: Final[Schema] = {
    "ce_specversion": _text("The version of CloudEvents.", const="1.0"),
    "ce_id": _text("The message's id; what is received twice has it twice.", format="uuid"),
    "ce_type": _text("The name of the message.", maxLength=64),
    "ce_source": _text("The service that has sent it.", maxLength=128),
    "ce_subject": _text("The aggregate's id, which is the record's key too.", maxLength=128),
    "ce_time": _text("When it was made.", format="date-time"),
    "ce_correlationid": _text("The first message of the chain that led here.", format="uuid"),
    "content-type": _text("Of the value.", const="application/json"),
}
_SOMETIMES: Final[Schema] = {
    "ce_causationid": _text("The message that led to this one.", format="uuid"),
    "ce_actor": _text("The person on whose behalf it happens.", maxLength=128),
    "traceparent": _text("The trace that it belongs to (W3C Trace Context).", maxLength=64),
}
_SEQUENCE: Final[Schema] = {
    "ce_sequence": _text("The version of the aggregate after this event.", pattern="^[0-9]+$")
}
_POSITION: Final[Schema] = {
    "ce_sequence": _text("The place among the messages with this key.", pattern="^[0-9]+$")
}
_REPLY: Final[Schema] = {
    "ce_replyto": _text("The topic where the sender waits for the outcome."),
    "ce_replypartition": _text("The partition of it; by key when missing.", pattern="^[0-9]+$"),
}

HEADERS: Final[Mapping[str, Schema]] = {
    "CommandHeaders": _REPLY,
    "EventHeaders": _SEQUENCE,
    "ReplyHeaders": _POSITION,
}
"""What each kind of message has beside what all of them have."""


def headers_schema(name: str) -> Schema:
    """The schema of one kind of headers; all values are UTF-8 text of at most 1,024 bytes."""
    own = HEADERS[name]
    surely = [*_ALWAYS, *(own if name == "EventHeaders" else ())]
    return {
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode. Values are UTF-8, 1024 bytes at most.",
        "properties": {**_ALWAYS, **own, **_SOMETIMES},
        "required": surely,
    }


def headers_of(message: type[Message]) -> str:
    """The name of the headers that messages of this class have."""
    if issubclass(message, Command):
        return "CommandHeaders"
    return "EventHeaders" if issubclass(message, Event) else "ReplyHeaders"
