from datetime import UTC, datetime, timedelta

from libs.messaging.tests.memory_outbox import MemoryOutbox

from messaging.retention import Retention


class PurgedInbox:
    def __init__(self) -> None:
        self.purged_before: datetime | None = None

    async def purge(self, *, before: datetime) -> int:
        self.purged_before = before
        return 2


async def test_outbox_and_inbox_are_kept_for_the_same_time() -> None:
    outbox, inbox = MemoryOutbox(), PurgedInbox()
    gone = await Retention(outbox=outbox, inbox=inbox, keep_s=3_600).purge_once()

    assert outbox.purged_before == inbox.purged_before
    assert inbox.purged_before is not None
    age = datetime.now(UTC) - inbox.purged_before
    assert timedelta(hours=1) <= age < timedelta(hours=1, minutes=1)
    assert gone >= 2
