"""`make contracts`: the committed AsyncAPI document of each service; `--check` compares.

Who sends and receives what is read from the services themselves. A service receives what lies on
its own topics (but for its events, which it sends) and what its consumer handles of others'. It
sends the commands that its code names, and an outcome to whoever sends it commands.
"""

import ast
import json
import re
import sys
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path

from contracts.asyncapi import Flow, Messages, document_of
from contracts.contract import Event, Message
from contracts.gateway import Outcome
from contracts.registry import UNIONS, messages_of
from contracts.topics import Topic
from workspace import ROOT, services

DOCUMENTS = ROOT / "docs" / "asyncapi"


def flow_of(service: str) -> Flow:
    """What goes through a service, as its code has it."""
    folder = ROOT / "services" / service
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return Flow(
        service=service,
        version=project["version"],
        description=_introduction(folder / "README.md"),
        receives=_received(service),
        sends=_sent(service) | _answered(service),
        broadcast=frozenset(topic for topic in UNIONS if topic not in subscribed(service)),
    )


def subscribed(service: str) -> tuple[Topic, ...]:
    """The topics of a service's consumer group."""
    topics: tuple[Topic, ...] = import_module(f"{service}.entrypoints.kafka").TOPICS
    return topics


def named(service: str) -> frozenset[str]:
    """The names that a service's code takes from the contracts."""
    found: set[str] = set()
    for path in (ROOT / "services" / service / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contracts."):
                found |= {alias.name for alias in node.names}
    return frozenset(found)


def documents() -> dict[Path, str]:
    return {
        DOCUMENTS / f"{service}.json": json.dumps(document_of(flow_of(service)), indent=2) + "\n"
        for service in services()
    }


def stale_documents() -> list[Path]:
    """The documents that are missing, differ from the code, or belong to no service."""
    wanted = documents()
    unknown = [path for path in DOCUMENTS.glob("*.json") if path not in wanted]
    return unknown + [
        path for path, text in wanted.items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    stale = stale_documents()
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run `make contracts`", file=sys.stderr)
        return 1 if stale else 0
    DOCUMENTS.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink(missing_ok=True)
    for path, text in documents().items():
        path.write_text(text)
    return 0


def _received(service: str) -> dict[Topic, Messages]:
    own = {topic: messages_of(topic) for topic in UNIONS if topic.owner == service}
    taken = {topic: messages for topic, messages in own.items() if not _are_events(messages)}
    for topic in subscribed(service):
        if topic not in own:
            taken[topic] = _those_named(messages_of(topic), service)
    return taken


@cache
def _sent(service: str) -> dict[Topic, Messages]:
    """Its own events, the messages for others that it names, and what it says it sends itself."""
    sent = {}
    for topic in UNIONS:
        messages = messages_of(topic)
        if topic.owner != service and not _are_events(messages):
            messages = tuple(m for m in _those_named(messages, service) if m is not Outcome)
        elif topic.owner == service and not _are_events(messages):
            messages = tuple(m for m in messages if m in _to_itself(service))
        elif topic.owner != service:
            continue
        if messages:
            sent[topic] = messages
    return sent


def _answered(service: str) -> dict[Topic, Messages]:
    """The outcomes topics of those who send it commands."""
    asking = [
        other
        for other in services()
        if any(topic.owner == service and topic in _commands_of(service) for topic in _sent(other))
    ]
    return {
        topic: (Outcome,)
        for topic in UNIONS
        if topic.owner in asking and messages_of(topic) == (Outcome,)
    }


def _to_itself(service: str) -> Messages:
    """`TO_ITSELF` beside its handlers: the commands by which it wakes itself."""
    kafka = import_module(f"{service}.entrypoints.kafka")
    found: Messages = getattr(kafka, "TO_ITSELF", ())
    return found


def _commands_of(service: str) -> list[Topic]:
    return [topic for topic in UNIONS if topic.name.startswith(f"{service}.commands.")]


def _those_named(messages: Messages, service: str) -> Messages:
    return tuple(message for message in messages if message.__name__ in named(service))


def _are_events(messages: tuple[type[Message], ...]) -> bool:
    return all(issubclass(message, Event) for message in messages)


def _introduction(readme: Path) -> str:
    """The paragraph below the title, on one line."""
    paragraph = readme.read_text().split("\n\n")[1]
    return re.sub(r"\s+", " ", paragraph.replace("**", "")).strip()


if __name__ == "__main__":
    sys.exit(main())
