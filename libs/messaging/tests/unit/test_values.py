from datetime import UTC, datetime
from uuid import uuid4

import pytest

from messaging.envelope import Envelope

ID, NOW = uuid4(), datetime.now(UTC)


def envelope(subject: str = "main") -> Envelope:
    return Envelope(type="X", source="test", subject=subject, correlation_id=ID, id=ID, time=NOW)


def test_values_with_the_same_members_are_the_same() -> None:
    assert envelope() == envelope()
    assert hash(envelope()) == hash(envelope())
    assert envelope() != envelope("other")


def test_a_value_has_no_members_but_its_own() -> None:
    with pytest.raises(AttributeError):
        envelope().surprise = 1  # type: ignore[attr-defined]


def test_members_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Envelope("X", "test", "main", correlation_id=ID)  # type: ignore[call-arg]
