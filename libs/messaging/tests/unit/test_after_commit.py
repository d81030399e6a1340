"""The service is told after each batch, when everybody can see what the batch has done."""

import pytest
from libs.messaging.tests.memory_store import MemoryStore
from libs.messaging.tests.notes import HANDLERS, PROBLEMS, StoreAway, WriteNote

from contracts.ids import new_id
from messaging.consumer import BatchConsumer
from testkit.records import LogRecord, record_of
from testkit.works import RecordingWork


def note(text: str) -> LogRecord:
    return record_of(WriteNote(note_id=new_id(), text=text))


class Service:
    """Notes what has been committed whenever it is told of a commit."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.seen: list[tuple[int, int]] = []
        self.consumer: BatchConsumer[RecordingWork] = BatchConsumer(
            name="notes",
            store=self.store,
            handlers=HANDLERS,
            problems=PROBLEMS,
            after_commit=lambda: self.seen.append((self.store.commits, len(self.store.inbox))),
        )


async def test_after_each_batch_the_service_is_told_once_what_is_committed_by_then() -> None:
    service = Service()
    await service.consumer.consume([note("a"), note("b")])
    assert service.seen == [(1, 2)]
    await service.consumer.consume([note("rude")])
    assert service.seen == [(1, 2), (2, 3)]


async def test_nobody_is_told_of_a_batch_that_was_not_committed() -> None:
    service = Service()
    with pytest.raises(StoreAway):
        await service.consumer.consume([note("a"), note("away")])
    assert service.seen == []
