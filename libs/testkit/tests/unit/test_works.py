from uuid import uuid4

import pytest
from libs.messaging.tests.notes import NoteView, NoteWritten

from contracts.ledger import VoidHold
from contracts.problems import ProblemType
from contracts.topics import CATALOG_OUTCOMES
from testkit.works import RecordingWork


def test_what_a_handler_says_is_remembered() -> None:
    work = RecordingWork(outcomes=CATALOG_OUTCOMES)
    event, command = NoteWritten(note_id=uuid4(), text="hello"), VoidHold(hold_id=uuid4())
    command_id, answered = uuid4(), uuid4()
    work.announce(event, version=4)
    work.ask(command, command_id=command_id)
    work.answered(answered)
    work.succeed(work.cause.id, NoteView(text="done"))
    assert (work.announced, work.versions) == ([event], [4])
    assert work.asked == {command_id: command}
    assert work.answers == [answered]
    assert work.settled[work.cause.id].result == {"text": "done"}


def test_a_refusal_is_a_settlement_with_a_problem() -> None:
    work = RecordingWork()
    problem = ProblemType("late", 409, "Late").problem()
    work.refuse(work.cause.id, problem)
    assert work.settled[work.cause.id].state == "refused"
    assert work.settled[work.cause.id].problem == problem


def test_another_command_under_the_same_id_is_a_mistake() -> None:
    work = RecordingWork(outcomes=CATALOG_OUTCOMES)
    command_id = uuid4()
    command = VoidHold(hold_id=uuid4())
    work.ask(command, command_id=command_id)
    work.ask(command, command_id=command_id)
    with pytest.raises(AssertionError, match="one command"):
        work.ask(VoidHold(hold_id=uuid4()), command_id=command_id)
