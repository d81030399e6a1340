"""Messages as text in the outbox: one row holds what one transaction has to say."""

import json
from collections.abc import Sequence
from typing import Any, Final

from contracts.problems import Problem
from messaging.envelope import Outgoing
from messaging.work import Settlement

PARCEL_SIZE: Final = 200
"""Messages of one transaction share outbox rows of this many."""


def pack(messages: Sequence[Outgoing]) -> str:
    """Messages to JSON text, in order."""
    return json.dumps([_members(message) for message in messages], separators=(",", ":"))


def parcels(messages: Sequence[Outgoing]) -> list[str]:
    """The messages of one transaction as rows of its outbox, in order."""
    return [
        pack(messages[start : start + PARCEL_SIZE])
        for start in range(0, len(messages), PARCEL_SIZE)
    ]


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
