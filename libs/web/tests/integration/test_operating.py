"""What an operator reads, on a real store."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import MetaData

from contracts.ids import new_id
from contracts.ledger import OpenAccount
from messaging.store import DeadLetter
from storage.delivery_store import SqlDeliveryStore
from storage.tables import delivery_tables
from storage.work import SqlWork
from testkit.records import record_of
from web.operating import Discard, ListLetters, Redrive, Replay, ShowLetter, StoreCommand

metadata = MetaData()
tables = delivery_tables(metadata)
Delivery = SqlDeliveryStore[SqlWork]
LIST = ListLetters(limit=50, everything=False)


@pytest.fixture
async def delivery(sqlite_url: str) -> AsyncIterator[Delivery]:
    store = SqlDeliveryStore("ledger", sqlite_url, tables, SqlWork)
    async with store.db.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield store
    await store.close()


async def bury(delivery: Delivery, *, value: bytes | None = None, error: str = "broken") -> None:
    command = OpenAccount(account_id=new_id(), owner_id=new_id(), currency="EUR", name="Ann")
    record = record_of(command)
    letter = DeadLetter(
        consumer="ledger",
        topic=record.topic,
        partition=-1 if value is None else 2,
        offset=41,
        key=record.key,
        value=record.value if value is None else value,
        headers=list(record.headers),
        error=error,
        attempts=3,
    )
    async with delivery.store.begin() as transaction:
        transaction.bury(letter)


class Operator:
    """Runs commands and reads what they say."""

    def __init__(self, delivery: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
        self._delivery = delivery
        self._capsys = capsys
        self.complaints = ""

    async def does(self, command: StoreCommand) -> tuple[int, str]:
        status = await command.run(self._delivery)
        said, self.complaints = self._capsys.readouterr()
        return status, said


@pytest.fixture
def operator(delivery: Delivery, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(delivery, capsys)


async def test_a_list_names_what_failed_and_how_many_are_open(
    delivery: Delivery, operator: Operator
) -> None:
    assert await operator.does(LIST) == (0, "0 open, 0 shown\n")
    await bury(delivery, value=b"{}", error="KeyError('amount')\nat line 3")
    status, said = await operator.does(LIST)
    line, count = said.splitlines()
    assert (status, count) == (0, "1 open, 1 shown")
    for part in ("open", "ledger.commands.v1[2]@41", "OpenAccount", "3x", "KeyError('amount') at"):
        assert part in line


async def test_a_list_has_those_done_with_when_asked(
    delivery: Delivery, operator: Operator
) -> None:
    await bury(delivery)
    await operator.does(Discard(ids=[1]))
    assert await operator.does(LIST) == (0, "0 open, 0 shown\n")
    _, said = await operator.does(ListLetters(limit=50, everything=True))
    assert "discarded" in said
    assert "0 open, 1 shown" in said


async def test_a_letter_is_shown_whole(delivery: Delivery, operator: Operator) -> None:
    await bury(delivery)
    status, said = await operator.does(ShowLetter(id=1))
    assert status == 0
    for part in ("dead letter 1, open", "durable inbox", "ce_type: OpenAccount", '"name":"Ann"'):
        assert part in said


async def test_what_is_in_a_letter_can_not_steer_the_terminal(
    delivery: Delivery, operator: Operator
) -> None:
    await bury(delivery, value=b"\x1b[2J\xff", error="\x1b]0;mine\x07")
    for command in (ShowLetter(id=1), LIST):
        _, said = await operator.does(command)
        assert "\x1b" not in said
        assert "\x07" not in said
    _, said = await operator.does(ShowLetter(id=1))
    assert r"\x1b[2J\xff" in said


async def test_redriving_says_that_the_first_outcome_stays(
    delivery: Delivery, operator: Operator
) -> None:
    await bury(delivery)
    status, said = await operator.does(Redrive(ids=[1]))
    assert status == 0
    assert "dead letter 1 is published again: OpenAccount" in said
    assert "keeps that outcome" in said


async def test_all_open_letters_are_redriven_but_those_that_can_not_be(
    delivery: Delivery, operator: Operator
) -> None:
    await bury(delivery)
    await bury(delivery, value=b"\xff")
    await bury(delivery)
    status, said = await operator.does(Redrive(ids=None))
    assert status == 1
    assert said.count("is published again") == 2
    assert "dead letter 2 isn't UTF-8 text" in operator.complaints
    assert "1 open" in (await operator.does(LIST))[1]


@pytest.mark.parametrize("command", [ShowLetter(id=7), Redrive(ids=[7]), Discard(ids=[7])])
async def test_a_letter_that_is_not_there_is_said_to_be_missing(
    operator: Operator, command: StoreCommand
) -> None:
    assert await operator.does(command) == (1, "")
    assert operator.complaints == "there is no dead letter 7\n"


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (None, "1 outbox rows are on their way again"),
        ("ledger.commands.v1.dead", "2 messages to ledger.commands.v1.dead are on their way again"),
        ("ledger.events.v1", "0 messages to ledger.events.v1 are on their way again"),
    ],
)
async def test_a_replay_counts_what_is_published_again(
    delivery: Delivery, operator: Operator, topic: str | None, said: str
) -> None:
    await bury(delivery)
    [parcel] = await delivery.outbox.unsent(10)
    async with delivery.store.begin() as transaction:
        for message in [*parcel.messages] * 2:
            transaction.post(message)
    first, second = await delivery.outbox.unsent(10)
    await delivery.outbox.mark_sent([first.id, second.id], {})
    async with delivery.db.write() as connection:
        earlier = datetime.now(UTC) - timedelta(days=1)
        await connection.execute(
            tables.outbox.update().where(tables.outbox.c.id == first.id).values(created_at=earlier)
        )
    now = datetime.now(UTC)
    status, heard = await operator.does(
        Replay(since=now - timedelta(hours=1), until=now, topic=topic)
    )
    assert status == 0
    assert heard.startswith(said)
