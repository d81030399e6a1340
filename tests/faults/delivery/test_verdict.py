"""The judge is judged: what it must not miss."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from tests.faults.delivery.evidence import Evidence, Move, Replaced
from tests.faults.delivery.messages import DEFECT
from tests.faults.delivery.verdict import complaints

MOVED, REFUSED, FAILED = (UUID(int=n) for n in (1, 2, 3))
MOVED_TOO = UUID(int=4)
EVENTS = [
    Move(id=UUID(int=10), counter="c", sequence=1, amount=5),
    Move(id=UUID(int=11), counter="c", sequence=2, amount=-2),
]


def good() -> Evidence:
    accepted = {MOVED: ("c", 5), MOVED_TOO: ("c", -2), REFUSED: ("c", -9), FAILED: ("c", DEFECT)}
    states = {
        MOVED: "succeeded",
        MOVED_TOO: "succeeded",
        REFUSED: "refused",
        FAILED: "failed",
    }
    return Evidence(
        confirmed=set(accepted),
        accepted=accepted,
        heard={id: (state, 1) for id, state in states.items()},
        answers={id: {uuid4()} for id in accepted},
        counters={"c": (3, 2), "unused": (0, 0)},
        announced={event.id: event for event in EVENTS},
        in_log={event.id for event in EVENTS},
        applied=[(event, 1) for event in EVENTS],
        copies={"c": (3, 2)},
        unsent={"gateway": 0, "ledger": 0, "catalog": 0},
        dead_letters={"gateway": 0, "ledger": 1, "catalog": 0},
    )


def test_nothing_is_wrong_with_a_promise_that_was_kept() -> None:
    assert complaints(good()) == []


def without_the_first_event() -> Evidence:
    """The second has shown that it is missing, and the owner's answer has stood in for both."""
    return replace(
        good(),
        in_log={EVENTS[1].id},
        applied=[],
        replaced=[Replaced(counter="c", known=0, version=2)],
    )


def test_a_lost_event_is_made_up_for_by_an_answer_of_the_owner() -> None:
    assert complaints(without_the_first_event(), lost={"c": 1}) == []


def test_an_event_that_is_lost_by_itself_is_found_though_the_owner_has_answered() -> None:
    found = complaints(without_the_first_event(), is_in_order=False)
    assert found == [f"an event is in the outbox and not in the log: {EVENTS[0].id}"]


def test_an_event_that_was_not_lost_after_all_is_found() -> None:
    assert complaints(good(), lost={"c": 1}) == [f"lost, and yet in the log: {EVENTS[0].id}"]


def _lose_an_outcome(evidence: Evidence) -> None:
    del evidence.heard[MOVED]


def _lose_a_refusal(evidence: Evidence) -> None:
    del evidence.heard[REFUSED]


def _record_an_outcome_twice(evidence: Evidence) -> None:
    evidence.heard[REFUSED] = ("refused", 2)


def _answer_in_two_ways(evidence: Evidence) -> None:
    evidence.answers[MOVED].add(uuid4())


def _answer_what_nobody_asked(evidence: Evidence) -> None:
    evidence.heard[uuid4()] = ("refused", 1)


def _forget_a_confirmed_command(evidence: Evidence) -> None:
    evidence.confirmed.add(uuid4())


def _fail_without_a_defect(evidence: Evidence) -> None:
    evidence.heard[REFUSED] = ("failed", 1)


def _move_twice(evidence: Evidence) -> None:
    evidence.counters["c"] = (8, 3)


def _move_and_refuse(evidence: Evidence) -> None:
    evidence.heard[MOVED] = ("refused", 1)


def _announce_a_sequence_twice(evidence: Evidence) -> None:
    evidence.announced[EVENTS[1].id] = replace(EVENTS[1], sequence=1)


def _announce_too_little(evidence: Evidence) -> None:
    evidence.announced.popitem()


def _leave_an_event_out_of_the_log(evidence: Evidence) -> None:
    evidence.in_log.discard(EVENTS[0].id)


def _skip_an_event(evidence: Evidence) -> None:
    evidence.applied.pop(0)


def _apply_twice(evidence: Evidence) -> None:
    evidence.applied[1] = (EVENTS[1], 2)


def _apply_something_else(evidence: Evidence) -> None:
    evidence.applied[1] = (replace(EVENTS[1], amount=2), 1)


def _apply_what_was_answered(evidence: Evidence) -> None:
    evidence.replaced.append(Replaced(counter="c", known=0, version=1))


def _ask_without_need(evidence: Evidence) -> None:
    evidence.applied.clear()
    evidence.replaced.append(Replaced(counter="c", known=0, version=2))


def _copy_another_total(evidence: Evidence) -> None:
    evidence.copies["c"] = (5, 2)


def _stop_copying(evidence: Evidence) -> None:
    del evidence.copies["c"]


def _copy_what_nobody_owns(evidence: Evidence) -> None:
    evidence.copies["d"] = (1, 1)


def _answer_elsewhere(evidence: Evidence) -> None:
    evidence.misplaced.add(MOVED)


def _go_on_asking(evidence: Evidence) -> None:
    evidence.still_asked.add(MOVED)


def _leave_a_parcel(evidence: Evidence) -> None:
    evidence.unsent["ledger"] = 1


def _bury_a_good_record(evidence: Evidence) -> None:
    evidence.dead_letters["catalog"] = 1


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_lose_an_outcome, f"accepted, but without an outcome: {MOVED}"),
        (_lose_a_refusal, f"accepted, but without an outcome: {REFUSED}"),
        (_record_an_outcome_twice, f"its outcome was recorded more than once: {REFUSED}"),
        (_answer_in_two_ways, f"more than one outcome is in the log: {MOVED}"),
        (_answer_what_nobody_asked, "an outcome of what was never accepted"),
        (_forget_a_confirmed_command, "confirmed, but not kept"),
        (_fail_without_a_defect, f"failed without a defect, or the reverse: {REFUSED}"),
        (_move_twice, "c has total 8 after 3 moves"),
        (_move_and_refuse, "make -2 after 1"),
        (_announce_a_sequence_twice, "the events of c in the outbox aren't numbered 1 to 2"),
        (_announce_too_little, "the events of c in the outbox aren't numbered 1 to 2"),
        (_leave_an_event_out_of_the_log, f"is in the outbox and not in the log: {EVENTS[0].id}"),
        (_skip_an_event, f"an event was never applied: {EVENTS[0].id}"),
        (_skip_an_event, "a gap in what was applied of c: [1]"),
        (_apply_twice, f"an event was applied more than once: {EVENTS[1].id}"),
        (_apply_something_else, f"applied otherwise than announced: {EVENTS[1].id}"),
        (_apply_what_was_answered, f"in the owner's answer as well: {EVENTS[0].id}"),
        (_ask_without_need, "its owner was asked, though no event was lost: c"),
        (_copy_another_total, "copy of c has total 5 at version 2; its owner has 3 at 2"),
        (_stop_copying, "copy of c has total 0 at version 0; its owner has 3 at 2"),
        (_copy_what_nobody_owns, "copy of d has total 1 at version 1; its owner has 0 at 0"),
        (_answer_elsewhere, f"isn't on the partition that was asked for: {MOVED}"),
        (_go_on_asking, f"still asked for, though it is answered: {MOVED}"),
        (_leave_a_parcel, "1 parcels wait in the outbox of ledger"),
        (_bury_a_good_record, "catalog has 1 dead letters instead of 0"),
    ],
)
def test_what_breaks_the_promise_is_found(
    spoil: Callable[[Evidence], None], complaint: str
) -> None:
    evidence = good()
    spoil(evidence)
    assert any(complaint in found for found in complaints(evidence)), complaints(evidence)
