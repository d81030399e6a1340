"""The AsyncAPI documents against each other, the code, the samples and the READMEs."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

import asyncapi
from contracts.asyncapi_headers import HEADERS, headers_schema
from contracts.contract import Message
from contracts.registry import UNIONS, messages_of
from contracts.samples import read_samples
from contracts.topics import Topic
from messaging.envelope import Envelope
from workspace import ROOT, services

SAMPLES = {f"{sample.topic}-{sample.type}-{n}": sample for n, sample in enumerate(read_samples())}
TOPIC_OR_HEADING = re.compile(r"`([a-z]+\.[a-z]+\.v\d+)`|^#", re.MULTILINE)
every_service = pytest.mark.parametrize("service", services())


@cache
def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs/asyncapi" / f"{service}.json").read_text())
    return found


def operations(service: str, action: str) -> dict[str, set[str]]:
    """The names of the messages that a service sends or receives, by topic."""
    return {
        operation["channel"]["$ref"].removeprefix("#/channels/"): {
            reference["$ref"].rsplit("/", 1)[1] for reference in operation["messages"]
        }
        for operation in document(service)["operations"].values()
        if operation["action"] == action
    }


def services_that(action: str, topic: Topic) -> list[str]:
    return [service for service in services() if topic.name in operations(service, action)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (v for k, v in node.items() if k == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(root: dict[str, Any], reference: str) -> Any:
    node: Any = root
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def names_in_readme(service: str) -> dict[str, set[str]]:
    """The messages that a README names after a topic, up to the next topic or heading."""
    text = (ROOT / "services" / service / "README.md").read_text()
    known = {message.__name__ for topic in UNIONS for message in messages_of(topic)}
    stops = [*TOPIC_OR_HEADING.finditer(text), None]
    found: dict[str, set[str]] = {}
    for stop, after in pairwise(stops):
        if stop and stop.group(1):
            region = text[stop.end() : after.start() if after else len(text)]
            names = set(re.findall(r"`([A-Z]\w+)`", region)) & known
            found[stop.group(1)] = found.get(stop.group(1), set()) | names
    return found


def test_the_committed_documents_are_those_of_the_code() -> None:
    assert asyncapi.stale_documents() == []


@pytest.mark.parametrize("topic", UNIONS, ids=lambda topic: topic.name)
def test_a_topic_has_one_owner_who_alone_sends_its_events_or_receives_the_rest(
    topic: Topic,
) -> None:
    action = "send" if topic.name.split(".")[1] == "events" else "receive"
    assert services_that(action, topic) == [topic.owner]
    assert topic.name.split(".")[0] == topic.owner


@pytest.mark.parametrize("topic", UNIONS, ids=lambda topic: topic.name)
def test_every_message_that_somebody_takes_is_sent_by_somebody(topic: Topic) -> None:
    sent = {name for s in services() for name in operations(s, "send").get(topic.name, ())}
    taken = {name for s in services() for name in operations(s, "receive").get(topic.name, ())}
    assert taken <= sent <= {message.__name__ for message in messages_of(topic)}


@every_service
def test_a_service_subscribes_to_what_its_document_says_it_receives(service: str) -> None:
    grouped = {
        operation["channel"]["$ref"].removeprefix("#/channels/")
        for operation in document(service)["operations"].values()
        if "groupId" in operation.get("bindings", {}).get("kafka", {})
    }
    assert grouped == {topic.name for topic in asyncapi.subscribed(service)}


@every_service
def test_an_entry_point_names_every_message_that_its_consumer_receives(service: str) -> None:
    modules = [import_module(f"{service}.entrypoints.kafka"), import_module(f"{service}.main")]
    named = {
        value.__name__
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message)
    }
    received = operations(service, "receive")
    assert {
        name for topic in asyncapi.subscribed(service) for name in received[topic.name]
    } <= named


@every_service
def test_a_document_refers_to_nothing_that_it_lacks(service: str) -> None:
    found = document(service)
    assert found["asyncapi"] == "3.0.0"
    assert all(resolve(found, reference) for reference in references(found))


@every_service
def test_a_union_names_the_member_that_tells_its_messages_apart(service: str) -> None:
    schemas = document(service)["components"]["schemas"]
    for channel in document(service)["channels"]:
        union = schemas[channel]
        for reference in union["oneOf"]:
            message = resolve(document(service), reference["$ref"])
            assert union["discriminator"] in message["required"]
            assert message["properties"][union["discriminator"]]["const"] == message["title"]


@every_service
def test_every_message_has_an_example_that_its_own_schemas_allow(service: str) -> None:
    components = document(service)["components"]
    for message in components["messages"].values():
        assert message["examples"]
        for example in message["examples"]:
            validate(example["headers"], message["headers"], components)
            validate(example["payload"], message["payload"], components)


def test_an_example_with_the_headers_of_another_message_is_not_allowed() -> None:
    components = document("ledger")["components"]
    placed, voided = (components["messages"][name] for name in ("HoldPlaced", "HoldVoided"))
    with pytest.raises(ValidationError):
        validate(placed["examples"][0]["headers"], voided["headers"], components)


def validate(value: Any, schema: dict[str, Any], components: dict[str, Any]) -> None:
    Draft202012Validator({**schema, "components": components}).validate(value)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_headers_of_a_sample_are_what_the_envelope_reads_and_writes(name: str) -> None:
    headers = dict(SAMPLES[name].headers)
    raw = [(key, value.encode()) for key, value in headers.items()]
    assert Envelope.from_headers(raw).headers() == headers


def test_no_header_that_an_envelope_writes_is_undocumented() -> None:
    documented = {name for kind in HEADERS for name in headers_schema(kind)["properties"]}
    written = {name for sample in SAMPLES.values() for name in sample.headers}
    assert written == documented


@every_service
def test_a_readme_names_what_its_service_takes_and_emits(service: str) -> None:
    told = names_in_readme(service)
    received, sent = operations(service, "receive"), operations(service, "send")
    flows = {name: received.get(name, set()) | sent.get(name, set()) for name in received | sent}
    own = {name: flows[name] for name in flows if name.split(".")[:2] != [service, "outcomes"]}
    mine = {name: own[name] for name in own if name.startswith(f"{service}.")}
    assert {name: told.get(name) for name in mine} == mine
    named = {name: names for name, names in told.items() if names}
    assert named == {name: flows.get(name) for name in named}
