"""A message is encoded once: what its record says is what its headers would say one by one."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libs.messaging.tests.notes import NoteWritten
from libs.messaging.tests.unit.test_envelope import envelopes, raw

from contracts.contract import Event
from contracts.ledger import VoidHold
from contracts.topics import CATALOG_OUTCOMES
from messaging.envelope import Envelope, Outgoing, reply_here
from messaging.inbox import InboxEntry
from messaging.record_format import contents_of
from messaging.work import (
    MESSAGE_CHARACTERS,
    MessageTooLarge,
    Postbox,
    PreparedEvent,
    Settlement,
)

GIVEN = Outgoing(topic="t", key="ä" * 40, value="ö", headers={"a": "x" * 70, "b": ""}, partition=3)
CAUSE = Envelope(type="X", source="test", subject="main", correlation_id=uuid4())
SETTLED = Settlement.succeeded(None)


def received(envelope: Envelope) -> Envelope:
    """As a consumer has it: what is made of the headers is made late."""
    return Envelope.from_headers(raw(envelope.headers()))


def expected(cause: Envelope, sent: Outgoing, **own: object) -> dict[str, str]:
    """The headers of what `cause` has led to."""
    envelope = Envelope.from_headers(raw(sent.headers))
    attributes: dict[str, object] = {
        "id": envelope.id,
        "time": envelope.time,
        "subject": sent.key,
        "correlation_id": cause.correlation_id,
        "causation_id": cause.id,
        "traceparent": cause.traceparent,
    }
    return Envelope(**attributes | own).headers()  # type: ignore[arg-type]


def test_a_message_that_is_given_and_one_that_is_encoded_are_the_same() -> None:
    encoded = Outgoing.encoded(GIVEN.topic, GIVEN.record, GIVEN.partition)
    assert encoded == GIVEN
    assert repr(Outgoing.encoded(GIVEN.topic, GIVEN.record, 3)) == repr(GIVEN)
    assert Outgoing.encoded(GIVEN.topic, GIVEN.record) != GIVEN
    assert Outgoing.encoded(GIVEN.topic, GIVEN.record, 3).headers == GIVEN.headers
    assert Outgoing.encoded(GIVEN.topic, GIVEN.record, 3).value == GIVEN.value


def test_a_changed_copy_has_a_record_of_its_own() -> None:
    assert contents_of(GIVEN.record)[1] == "ö".encode()
    changed = replace(Outgoing.encoded("t", GIVEN.record), value="other")
    assert contents_of(changed.record)[1] == b"other"


def test_a_message_has_no_members_but_its_own() -> None:
    with pytest.raises(AttributeError, match="surprise"):
        GIVEN.surprise  # type: ignore[attr-defined] # noqa: B018


@given(envelopes, st.booleans(), st.integers(0, 2**40))
def test_an_event_has_the_headers_of_its_envelope(
    cause: Envelope, is_received: bool, version: int
) -> None:
    postbox = Postbox(source="notes", cause=received(cause) if is_received else cause)
    event = NoteWritten(note_id=uuid4(), text="hello")
    postbox.announce(event, version=version)
    [sent] = postbox.messages
    own = {"type": "NoteWritten", "source": "notes", "sequence": version, "actor": cause.actor}
    assert sent.headers == expected(cause, sent, **own)
    assert sent.value == event.model_dump_json()


@given(envelopes)
def test_a_question_has_the_headers_of_its_envelope(cause: Envelope) -> None:
    postbox = Postbox(
        source="catalog", cause=received(cause), outcomes=CATALOG_OUTCOMES, reply_partition=2
    )
    command, command_id = VoidHold(hold_id=uuid4()), uuid4()
    postbox.ask(command, command_id=command_id)
    [sent] = postbox.messages
    own = {"type": "VoidHold", "source": "catalog", "actor": cause.actor, "id": command_id}
    reply_to = reply_here(CATALOG_OUTCOMES, 2)
    assert sent.headers == expected(cause, sent, **own, reply_to=reply_to)


@given(envelopes, st.booleans())
def test_an_outcome_has_the_headers_of_its_envelope(cause: Envelope, is_received: bool) -> None:
    given_cause = received(cause) if is_received else cause
    entry = InboxEntry.received("notes", given_cause, b"{}", SETTLED)
    again = InboxEntry.received("notes", given_cause, b"{}").settled(SETTLED)
    sent = entry.outcome("2026-01-02T03:04:05+00:00")
    assert again.outcome("2026-01-02T03:04:05+00:00") == sent
    if cause.reply_to is None:
        assert sent is None
        return
    assert sent is not None
    assert sent.partition == cause.reply_to.partition
    assert sent.headers == expected(cause, sent, type="Outcome", source="notes")
    assert datetime.fromisoformat(sent.headers["ce_time"]).year == 2026


def prepared(text: str) -> Event | PreparedEvent:
    return PreparedEvent(
        topic=NoteWritten.topic, type="NoteWritten", aggregate_id=str(uuid4()), text=text
    )


def test_a_message_is_too_large_by_its_characters_whatever_their_bytes() -> None:
    postbox = Postbox(source="notes", cause=received(CAUSE))
    postbox.announce(prepared("ä" * MESSAGE_CHARACTERS), version=1)
    for text in ("ä", "x"):
        with pytest.raises(MessageTooLarge, match=f"{MESSAGE_CHARACTERS + 1} characters"):
            postbox.announce(prepared(text * (MESSAGE_CHARACTERS + 1)), version=1)
    assert len(postbox.messages) == 1
