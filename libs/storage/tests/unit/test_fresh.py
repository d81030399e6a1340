import tracemalloc

from messaging.envelope import Outgoing
from storage.fresh import FreshParcels


def messages(count: int) -> list[Outgoing]:
    return [
        Outgoing(topic="notes.events.v1", key=str(n), value="{}", headers={}) for n in range(count)
    ]


def test_what_was_committed_is_here_until_it_has_been_sent() -> None:
    fresh = FreshParcels()
    one, two = messages(1), messages(2)
    fresh.add([(7, one), (8, two)])
    assert fresh.all() == {7: one, 8: two}
    fresh.drop([7, 99])
    assert fresh.all() == {8: two}


def test_the_oldest_are_forgotten_when_there_are_too_many_messages() -> None:
    fresh = FreshParcels(most_messages=5)
    fresh.add([(1, messages(3)), (2, messages(2)), (3, messages(1))])
    assert set(fresh.all()) == {2, 3}
    fresh.drop([2])
    fresh.add([(4, messages(4))])
    assert set(fresh.all()) == {3, 4}
    fresh.add([(5, messages(6))])
    assert fresh.all() == {}


def test_what_was_sent_out_of_turn_counts_no_longer() -> None:
    fresh = FreshParcels(most_messages=4)
    fresh.add([(1, messages(2)), (2, messages(2))])
    fresh.drop([2])
    fresh.add([(3, messages(2))])
    assert set(fresh.all()) == {1, 3}


def test_one_that_somebody_else_has_sent_does_not_make_those_that_follow_be_remembered() -> None:
    fresh, parcel = FreshParcels(), messages(1)
    fresh.add([(0, parcel)])
    tracemalloc.start()
    for id_ in range(1, 20_001):
        fresh.add([(id_, parcel)])
        fresh.drop([id_])
    remembered, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert remembered < 50_000
    assert set(fresh.all()) == {0}
