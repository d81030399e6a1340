"""Messages as text in the outbox: one row holds what one transaction has to say."""

import json
from collections.abc import Sequence
from typing import Any

from contracts.problems import Problem
from messaging.envelope import Outgoing
from messaging.work import Settlement


def pack(messages: Sequence[Outgoing]) -> str:
    """Messages to JSON text, in order."""
    return json.dumps([_members(message) for message in messages], separators=(",", ":"))


def unpack(text: str) -> list[Outgoing]:
    """The reverse of `pack`."""
    return [Outgoing(**message) for message in json.loads(text)]


def settlement_text(settlement: Settlement | None) -> str | None:
    """A settlement to JSON text."""
    if settlement is None:
        return None
    problem = settlement.problem
    content: dict[str, Any] = {
        "state": settlement.state,
        "result": settlement.result,
        "problem": problem and problem.model_dump(mode="json"),
    }
    return json.dumps(content, separators=(",", ":"))


def settlement_from(text: str | None) -> Settlement | None:
    """The reverse of `settlement_text`."""
    if text is None:
        return None
    content = json.loads(text)
    problem = content["problem"]
    return Settlement(
        state=content["state"],
        result=content["result"],
        problem=None if problem is None else Problem.model_validate(problem),
    )


def _members(message: Outgoing) -> dict[str, Any]:
    return {
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": message.headers,
        "partition": message.partition,
    }
