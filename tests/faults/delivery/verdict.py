"""What is wrong with what a scenario has left: one sentence each, none if the promise was kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tests.faults.delivery.evidence import Evidence
from tests.faults.delivery.messages import DEFECT

SHOWN: Final = 5
"""Ids that a complaint names; a thousand don't help."""


def complaints(
    evidence: Evidence,
    *,
    poison: Mapping[str, int] | None = None,
    lost: Mapping[str, int] | None = None,
    is_log_whole: bool = True,
    is_in_order: bool = True,
) -> list[str]:
    """Everything that breaks an invariant.

    So many records of `poison` were put among the messages of each process; of each counter in
    `lost`, the event that leads to this version has never reached the log. A log that isn't whole
    has been lost beyond what may be rebuilt; one that isn't in order was rebuilt under load, and
    begins with what was sent before its loss was seen.
    """
    return [
        *_outcomes(evidence),
        *_effects(evidence),
        *_events(evidence, lost or {}, is_log_whole),
        *_applications(evidence),
        *_copies(evidence),
        *(_needless_questions(evidence, lost or {}) if is_in_order else ()),
        *_rests(evidence, poison or {}),
    ]


def _outcomes(evidence: Evidence) -> Iterator[str]:
    """Every accepted command has exactly one outcome."""
    accepted, heard = set(evidence.accepted), set(evidence.heard)
    yield from _if_any("confirmed, but not kept", evidence.confirmed - accepted)
    yield from _if_any("accepted, but without an outcome", accepted - heard)
    yield from _if_any("an outcome of what was never accepted", heard - accepted)
    yield from _if_any(
        "its outcome was recorded more than once",
        (id for id, (_state, times) in evidence.heard.items() if times != 1),
    )
    yield from _if_any(
        "more than one outcome is in the log",
        (id for id, ids in evidence.answers.items() if len(ids) > 1),
    )
    yield from _if_any("its outcome isn't on the partition that was asked for", evidence.misplaced)
    yield from _if_any(
        "failed without a defect, or the reverse",
        (
            id
            for id, (_counter, amount) in evidence.accepted.items()
            if id in heard and (evidence.heard[id][0] == "failed") != (amount == DEFECT)
        ),
    )


def _effects(evidence: Evidence) -> Iterator[str]:
    """What succeeded has happened once, and nothing else has happened."""
    expected: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    for id, (counter, amount) in evidence.accepted.items():
        if evidence.heard.get(id, ("", 0))[0] == "succeeded":
            expected[counter] += amount
            moves[counter] += 1
    for counter, (total, version) in evidence.counters.items():
        if (total, version) != (expected[counter], moves[counter]):
            yield (
                f"{counter} has total {total} after {version} moves; its commands that succeeded"
                f" make {expected[counter]} after {moves[counter]}"
            )
        if total < 0:
            yield f"{counter} is below zero"


def _events(evidence: Evidence, lost: Mapping[str, int], is_log_whole: bool) -> Iterator[str]:
    """Every committed event that wasn't lost is in the log; each counter's are numbered 1 to n."""
    sequences: dict[str, list[int]] = defaultdict(list)
    for event in evidence.announced.values():
        sequences[event.counter].append(event.sequence)
    for counter, (_total, version) in evidence.counters.items():
        if sorted(sequences[counter]) != list(range(1, version + 1)):
            yield f"the events of {counter} in the outbox aren't numbered 1 to {version}"
    gone = {e.id for e in evidence.announced.values() if lost.get(e.counter) == e.sequence}
    yield from _if_any("lost, and yet in the log", gone & evidence.in_log)
    if is_log_whole:
        missing = set(evidence.announced) - evidence.in_log - gone
        yield from _if_any("an event is in the outbox and not in the log", missing)


def _applications(evidence: Evidence) -> Iterator[str]:
    """Every event has been applied once, as it was announced, and none is missing in between.

    Those that an answer of the owner has stood in for haven't been applied.
    """
    announced = evidence.announced
    applied = {event.id: event for event, _times in evidence.applied}
    answered = _answered(evidence)
    held = {e.id for e in announced.values() if e.sequence in answered[e.counter]}
    yield from _if_any("an event was never applied", set(announced) - set(applied) - held)
    yield from _if_any("applied, and in the owner's answer as well", set(applied) & held)
    yield from _if_any("what was applied was never announced", set(applied) - set(announced))
    yield from _if_any(
        "an event was applied more than once",
        (event.id for event, times in evidence.applied if times != 1),
    )
    yield from _if_any(
        "an event was applied otherwise than announced",
        (id for id in set(announced) & set(applied) if announced[id] != applied[id]),
    )
    yield from _gaps(evidence, answered)


def _answered(evidence: Evidence) -> dict[str, set[int]]:
    """The versions of each counter that came with an answer of its owner."""
    answered: dict[str, set[int]] = defaultdict(set)
    for answer in evidence.replaced:
        answered[answer.counter].update(range(answer.known + 1, answer.version + 1))
    return answered


def _gaps(evidence: Evidence, answered: Mapping[str, set[int]]) -> Iterator[str]:
    sequences: dict[str, set[int]] = defaultdict(set)
    for event, _times in evidence.applied:
        sequences[event.counter].add(event.sequence)
    for counter, seen in sequences.items():
        if missing := set(range(1, max(seen) + 1)) - seen - answered.get(counter, set()):
            yield f"a gap in what was applied of {counter}: {sorted(missing)[:SHOWN]}"


def _copies(evidence: Evidence) -> Iterator[str]:
    """Each copy is what its owner has, at the same version."""
    for counter in sorted({*evidence.counters, *evidence.copies}):
        copy = evidence.copies.get(counter, (0, 0))
        owned = evidence.counters.get(counter, (0, 0))
        if copy != owned:
            yield (
                f"the copy of {counter} has total {copy[0]} at version {copy[1]}; its owner has"
                f" {owned[0]} at {owned[1]}"
            )


def _needless_questions(evidence: Evidence, lost: Mapping[str, int]) -> Iterator[str]:
    """An owner is only asked about an event that was lost: the others come in order."""
    asked = {answer.counter for answer in evidence.replaced}
    yield from _if_any("its owner was asked, though no event was lost", asked - set(lost))


def _rests(evidence: Evidence, poison: Mapping[str, int]) -> Iterator[str]:
    """Nothing is owed any more, and only what could not be handled was put aside."""
    for name, count in evidence.unsent.items():
        if count:
            yield f"{count} parcels wait in the outbox of {name}"
    yield from _if_any("still asked for, though it is answered", evidence.still_asked)
    defects = sum(amount == DEFECT for _counter, amount in evidence.accepted.values())
    for name, count in evidence.dead_letters.items():
        expected = poison.get(name, 0) + (defects if name == "ledger" else 0)
        if count != expected:
            yield f"{name} has {count} dead letters instead of {expected}"


def _if_any(sentence: str, ids: Iterable[object]) -> Iterator[str]:
    found = sorted(str(id) for id in ids)
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        yield f"{sentence}: {', '.join(found[:SHOWN])}{more}"
