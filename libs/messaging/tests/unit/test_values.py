from dataclasses import replace
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


def test_a_member_that_is_made_late_is_there_for_whoever_asks_and_no_other() -> None:
    headers = [(name, text.encode()) for name, text in envelope().headers().items()]
    late = Envelope.from_headers(headers)
    assert repr(late) == repr(envelope())
    assert late.time is late.time
    assert hash(Envelope.from_headers(headers)) == hash(envelope())
    assert replace(Envelope.from_headers(headers), subject="other") == envelope("other")
    for value in (late, envelope()):
        with pytest.raises(AttributeError, match="surprise"):
            value.surprise  # type: ignore[attr-defined] # noqa: B018
