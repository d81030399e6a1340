"""Golden samples: a record of each message as it stands on its topic, headers and value.

A sample is made once and then kept, so that a test can read what was written before a change to the
models. It may be edited by hand until a release has copied it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from contracts.contract import Command, Event, Message
from contracts.registry import UNIONS, messages_of
from contracts.topics import GATEWAY_OUTCOMES, Topic

SAMPLES: Final = Path(__file__).parents[2] / "samples"

_MOMENT: Final = "2026-03-14T09:26:53.589793+00:00"
_TEXTS: Final = {
    "^[A-Z]{3}$": "EUR",
    "book": "main",
    "command": "PlaceHold",
    "content": "When are you open on Saturdays?",
    "content_hash": sha256(b"handbook").hexdigest(),
    "content_type": "application/pdf",
    "description": "Twelve pieces, assorted",
    "error": "the document is encrypted",
    "filename": "handbook.pdf",
    "model_used": "extractive",
    "name": "Ada Lovelace",
    "reason": "it broke on the way",
    "reference_id": "TXN-7C0A91F2B6E4",
    "sku": "TEA-001",
    "text": "On Saturdays we open ",
    "title": "Handbook",
}
_NUMBERS: Final = {
    "amount": 1250,
    "price": 1250,
    "unit_price": 1250,
    "total": 2500,
    "captured": 1250,
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A record as JSON: `headers` are the CloudEvents attributes, `value` is the message."""

    topic: str
    type: str
    headers: Mapping[str, str]
    value: Mapping[str, Any]


def read_samples(folder: Path = SAMPLES) -> list[Sample]:
    """The samples in `folder`, which has a folder per topic; sorted by topic and file name."""
    return [_read(path) for path in sorted(folder.glob("*/*.json"))]


def missing_samples() -> dict[Path, str]:
    """Path and text of a sample for each message that has none."""
    wanted = {
        SAMPLES / topic.name / f"{message.__name__}.json": (topic, message)
        for topic in UNIONS
        for message in messages_of(topic)
    }
    return {path: _text(*of) for path, of in wanted.items() if not path.exists()}


def samples_of_nothing() -> list[Path]:
    """The sample files whose message isn't on their topic any more."""
    known = {(topic.name, message.__name__) for topic in UNIONS for message in messages_of(topic)}
    return [
        path for path in SAMPLES.glob("*/*.json") if (path.parent.name, _type_of(path)) not in known
    ]


def _read(path: Path) -> Sample:
    record = json.loads(path.read_text())
    return Sample(
        topic=path.parent.name,
        type=_type_of(path),
        headers=record["headers"],
        value=record["value"],
    )


def _type_of(path: Path) -> str:
    """`Outcome.refused.json` is one more sample of `Outcome`."""
    return path.name.split(".")[0]


def _text(topic: Topic, message: type[Message]) -> str:
    schema = message.model_json_schema()
    value = _value(schema, schema, message.__name__)
    record = {"headers": _headers(topic, message, value), "value": value}
    return json.dumps(record, indent=2) + "\n"


def _headers(topic: Topic, message: type[Message], value: Mapping[str, Any]) -> dict[str, str]:
    subject = str(value[message.aggregate])
    headers = {
        "ce_specversion": "1.0",
        "ce_id": _id(message.__name__),
        "ce_type": message.__name__,
        "ce_source": "gateway" if issubclass(message, Command) else topic.owner,
        "ce_subject": subject,
        "ce_time": _MOMENT,
        "ce_correlationid": _id("correlation"),
        "content-type": "application/json",
        "ce_causationid": _id("cause"),
    }
    if issubclass(message, Command):
        headers |= {"ce_replyto": GATEWAY_OUTCOMES.name, "ce_replypartition": "2"}
    if issubclass(message, Event):
        headers |= {"ce_sequence": "3"}
    if issubclass(message, Command | Event):
        headers |= {"ce_actor": _id("person")}
    return headers | {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def _value(schema: Mapping[str, Any], document: Mapping[str, Any], name: str) -> Any:
    """A value that the schema allows: every member is there, and none is null."""
    match schema:
        case {"$ref": str(reference)}:
            found = _value(document["$defs"][reference.removeprefix("#/$defs/")], document, name)
        case {"anyOf": [first, *_]}:
            found = _value(first, document, name)
        case {"const": only}:
            found = only
        case {"enum": [first, *_]}:
            found = first
        case {"type": "object"}:
            members = schema.get("properties", {})
            found = {member: _value(inner, document, member) for member, inner in members.items()}
        case {"type": "array"}:
            found = [_value(schema["items"], document, name)]
        case {"type": "string"}:
            found = _string(schema, name)
        case _:
            numbers = {"boolean": True, "number": 0.75, "integer": _NUMBERS.get(name, 2)}
            found = numbers[schema["type"]]
    return found


def _string(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") == "uuid":
        return _id(name)
    if schema.get("format") == "date-time":
        return _MOMENT.replace("+00:00", "Z")
    by_pattern = _TEXTS.get(schema.get("pattern", ""))
    return by_pattern or _TEXTS.get(name, name)


def _id(name: str) -> str:
    """A UUIDv7 that is always the same for the same name, so that samples fit together."""
    digits = sha256(name.encode()).hexdigest()
    return f"0195940e-{digits[:4]}-7{digits[4:7]}-8{digits[7:10]}-{digits[10:22]}"
