"""An AsyncAPI 3.0 document of what a service receives and sends.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from contracts.asyncapi_headers import HEADERS, headers_of, headers_schema
from contracts.contract import Command, Message
from contracts.registry import UNIONS
from contracts.samples import Sample, read_samples
from contracts.topics import TOPICS, Topic

Node = dict[str, Any]
Messages = tuple[type[Message], ...]

_KAFKA_BINDING: Final = "0.5.0"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Which messages go through a service, by topic.

    Topics in `broadcast` are read by every instance; the others by the service's consumer group.
    """

    service: str
    version: str
    description: str
    receives: Mapping[Topic, Messages]
    sends: Mapping[Topic, Messages]
    broadcast: frozenset[Topic] = frozenset()

    def topics(self) -> dict[Topic, Messages]:
        """All its topics by name, with the messages that it receives or sends there."""
        found = dict(self.receives)
        for topic, messages in self.sends.items():
            found[topic] = tuple(dict.fromkeys((*found.get(topic, ()), *messages)))
        return {topic: found[topic] for topic in sorted(found, key=lambda topic: topic.name)}

    def messages(self) -> list[type[Message]]:
        """Its messages, each once, by name."""
        classes = {message for of_topic in self.topics().values() for message in of_topic}
        return sorted(classes, key=lambda message: message.__name__)


def document_of(flow: Flow) -> Node:
    """The AsyncAPI document of a service, as JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Frontdesk: {flow.service}",
            "version": flow.version,
            "description": flow.description,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            topic.name: _channel(topic, messages) for topic, messages in flow.topics().items()
        },
        "operations": dict(_operations(flow)),
        "components": {
            "messages": {message.__name__: _message(message) for message in flow.messages()},
            "schemas": _schemas(flow),
        },
    }


def _channel(topic: Topic, messages: Messages) -> Node:
    channel = {
        "address": topic.name,
        "description": f"Owned by {topic.owner}. The key is the aggregate's id.",
        "messages": {m.__name__: _reference("messages", m.__name__) for m in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "x-owner": topic.owner,
    }
    if topic.dead in TOPICS:
        channel["x-dead-letters"] = topic.dead.name
    return channel


def _operations(flow: Flow) -> Iterator[tuple[str, Node]]:
    for topic, messages in flow.receives.items():
        operation = _operation("receive", topic, messages)
        if topic not in flow.broadcast:
            group = {"type": "string", "const": flow.service}
            operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _KAFKA_BINDING}}
        if all(issubclass(message, Command) for message in messages):
            operation["reply"] = {
                "address": {
                    "location": "$message.header#/ce_replyto",
                    "description": "One Outcome per command, on the topic that the sender names.",
                }
            }
        yield _operation_name("receive", topic), operation
    for topic, messages in flow.sends.items():
        yield _operation_name("send", topic), _operation("send", topic, messages)


def _operation(action: str, topic: Topic, messages: Messages) -> Node:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{m.__name__}"} for m in messages],
    }


def _operation_name(action: str, topic: Topic) -> str:
    """`receive`, `ledger.commands.v1` → `receiveLedgerCommands`."""
    owner, kind, _ = topic.name.split(".")
    return f"{action}{owner.title()}{kind.title()}"


def _message(message: type[Message]) -> Node:
    name = message.__name__
    text = inspect.getdoc(message) or ""
    return {
        "name": name,
        "title": name,
        "summary": text.split("\n")[0],
        "description": text,
        "headers": {
            "allOf": [
                _reference("schemas", headers_of(message)),
                {"type": "object", "properties": {"ce_type": {"const": name}}},
            ]
        },
        "payload": _reference("schemas", name),
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The value's `{message.aggregate}`."},
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "examples": _examples(message),
    }


def _examples(message: type[Message]) -> list[Node]:
    return [
        {"headers": dict(sample.headers), "payload": dict(sample.value)}
        for sample in _samples()
        if (sample.topic, sample.type) == (message.topic.name, message.__name__)
    ]


@cache
def _samples() -> list[Sample]:
    return read_samples()


def _schemas(flow: Flow) -> Node:
    """Messages, what they are made of, the unions of whole topics, and headers; by name."""
    messages = flow.messages()
    _, made = models_json_schema([(message, "validation") for message in messages])
    schemas: Node = _referring_to_components(made["$defs"])
    for message in messages:
        # Optional to our readers, who go by the header; written always, and told apart by it here.
        schema = schemas[message.__name__]
        schema["required"] = ["type", *schema.get("required", [])]
    for topic, of_topic in flow.topics().items():
        schemas[topic.name] = _union(topic, of_topic)
    used = sorted({headers_of(message) for message in messages})
    return schemas | {name: headers_schema(name) for name in HEADERS if name in used}


def _union(topic: Topic, messages: Iterable[type[Message]]) -> Node:
    assert topic in UNIONS, f"{topic.name} has no contract"
    return {
        "title": topic.name,
        "description": f"A message on {topic.name}, told apart by `type`.",
        "oneOf": [_reference("schemas", message.__name__) for message in messages],
        "discriminator": "type",
    }


def _reference(group: str, name: str) -> Node:
    return {"$ref": f"#/components/{group}/{name}"}


def _referring_to_components(definitions: Mapping[str, Any]) -> Node:
    text = json.dumps(definitions).replace('"#/$defs/', '"#/components/schemas/')
    moved: Node = json.loads(text)
    return moved
