from uuid import uuid4

import pytest
from libs.messaging.tests.notes import NoteView, NoteWritten

from contracts.ledger import VoidHold
from contracts.problems import ProblemType
from contracts.topics import CATALOG_OUTCOMES
from messaging.envelope import Envelope
from messaging.work import Postbox, Settlement

CAUSE = Envelope(
    type="PlaceOrder",
    source="gateway",
    subject="1",
    correlation_id=uuid4(),
    actor="ada",
    traceparent="00-ab-cd-01",
)


def test_an_event_names_its_cause_its_chain_and_its_version() -> None:
    postbox = Postbox(source="notes", cause=CAUSE)
    event = NoteWritten(note_id=uuid4(), text="hello")
    postbox.announce(event, version=7)
    [message] = postbox.messages
    envelope = Envelope.from_headers((k, v.encode()) for k, v in message.headers.items())
    assert (message.topic, message.key) == ("notes.events.v1", str(event.note_id))
    assert NoteWritten.model_validate_json(message.value) == event
    assert (envelope.sequence, envelope.source) == (7, "notes")
    assert (envelope.causation_id, envelope.correlation_id) == (CAUSE.id, CAUSE.correlation_id)
    assert (envelope.actor, envelope.traceparent) == ("ada", "00-ab-cd-01")


def test_a_command_that_is_asked_is_answered_to_whoever_asks() -> None:
    postbox = Postbox(source="catalog", cause=CAUSE, outcomes=CATALOG_OUTCOMES, reply_partition=2)
    command_id = uuid4()
    postbox.ask(VoidHold(hold_id=uuid4()), command_id=command_id)
    [message], [request] = postbox.messages, postbox.requests
    assert (request.command_id, request.message) == (command_id, message)
    envelope = Envelope.from_headers((k, v.encode()) for k, v in message.headers.items())
    assert envelope.id == command_id
    assert envelope.reply_to is not None
    assert (envelope.reply_to.topic, envelope.reply_to.partition) == (CATALOG_OUTCOMES.name, 2)


def test_a_service_that_hears_no_outcomes_asks_nobody() -> None:
    postbox = Postbox(source="notes", cause=CAUSE)
    with pytest.raises(AssertionError, match="no outcomes topic"):
        postbox.ask(VoidHold(hold_id=uuid4()), command_id=uuid4())


def test_the_first_settlement_stands() -> None:
    postbox = Postbox(source="notes", cause=CAUSE)
    command_id = uuid4()
    first = Settlement.succeeded(NoteView(text="done"))
    postbox.settle(command_id, first)
    postbox.settle(command_id, Settlement.refused(ProblemType("late", 409, "Late").problem()))
    assert postbox.settlements == {command_id: first}
