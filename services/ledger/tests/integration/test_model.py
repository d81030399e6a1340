"""The ledger on a real store does what a small model of it does, whatever is sent in any order."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from services.ledger.tests.integration.clocks import Clock, stopped
from services.ledger.tests.integration.commanding import credit, emptied, sent, stored
from services.ledger.tests.integration.conftest import Bench, bench_on, write_ahead
from services.ledger.tests.integration.ledger_model import Answer, LedgerModel
from services.ledger.tests.integration.model_things import Key
from services.ledger.tests.random_commands import OWNERS, START, commands

from contracts.gateway import Outcome
from contracts.ledger import LedgerCommand, OpenAccount
from ledger.adapters import tables
from ledger.adapters.ledger_rows import Fenced
from messaging.envelope import Envelope
from testkit.records import LogRecord

T = TypeVar("T")

EXAMPLES: Final = int(os.environ.get("LEDGER_MODEL_EXAMPLES", "25"))
STEPS: Final = int(os.environ.get("LEDGER_MODEL_STEPS", "30"))

writers = st.sampled_from([0, 0, 0, 1])
jumps = st.sampled_from([0, 0, 0, 0, -3600, -1, 1, 10, 25, 3600])


class Ledgers(RuleBasedStateMachine):
    """Two store objects on one database, of which each may be the writer, and the model."""

    def __init__(self, url: str, clock: Clock, runner: asyncio.Runner) -> None:
        super().__init__()
        self.url, self.clock, self.runner = url, clock, runner
        clock.moment = START
        self.model = LedgerModel(now=START)
        self.benches: dict[int, Bench] = {n: bench_on(url) for n in (0, 1)}
        self.in_memory: set[int] = set()
        self.writer: int | None = None
        self.past: list[tuple[LogRecord, LedgerCommand]] = []
        self.run(emptied(self.benches[0]))

    @initialize()
    def open_accounts(self) -> None:
        """Funded ones, so that not everything is refused."""
        openings = [
            OpenAccount(account_id=UUID(int=n), owner_id=OWNERS[n % 2], currency=currency)
            for n, currency in ((1, "EUR"), (2, "EUR"), (3, "JPY"))
        ]
        credits = [credit(one.account_id, 300, currency=one.currency) for one in openings]
        self._deliver(0, [(sent(command), command) for command in (*openings, *credits)])

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        for bench in self.benches.values():
            self.run(bench.delivery.close())

    @rule(
        who=writers,
        batch=st.lists(st.tuples(commands, st.integers(0, 9)), min_size=4, max_size=8),
        jump=jumps,
        restart=st.sampled_from([False, False, False, True]),
        data=st.data(),
    )
    def send(
        self,
        who: int,
        batch: list[tuple[LedgerCommand, int]],
        jump: int,
        restart: bool,
        data: st.DataObject,
    ) -> None:
        self.clock.move(jump)
        if restart:
            self.run(self.benches[who].delivery.close())
            self.benches[who] = bench_on(self.url)
            self.in_memory.discard(who)
        items = []
        for command, fate in batch:
            items.append(self._item(command, fate, data))
            self.past.append(items[-1])
        self._deliver(who, items)

    def _item(
        self, command: LedgerCommand, fate: int, data: st.DataObject
    ) -> tuple[LogRecord, LedgerCommand]:
        """A new command; or one that was sent before; or a new one with an id used before."""
        if fate > 1 or not self.past:
            return sent(command, id=uuid4() if fate == 9 else None), command
        record, known = self.past[data.draw(st.integers(0, len(self.past) - 1))]
        if fate == 0:
            return record, known
        return sent(command, id=id_of(record)), command

    @precondition(lambda self: self.past)
    @rule(who=writers, count=st.integers(1, 8))
    def deliver_again(self, who: int, count: int) -> None:
        self._deliver(who, self.past[-count:])

    def _deliver(self, who: int, items: list[tuple[LogRecord, LedgerCommand]]) -> None:
        records, bench = [record for record, _ in items], self.benches[who]
        if who in self.in_memory and self.writer != who:
            event("shut out")
            with pytest.raises(Fenced):
                self.run(bench.consumer.consume(records))
            self.run(same_as(self.model, bench))
        self.in_memory.add(who)
        self.writer = who
        self.model.now = max(self.model.now, self.clock.moment)
        expected = [self.model.handle(id_of(record), command) for record, command in items]
        answers = self.run(answers_of(bench, records))
        assert [known(answer, like) for answer, like in zip(answers, expected, strict=True)] == (
            expected
        )
        for (_, command), answer in zip(items, expected, strict=True):
            event(f"{command.type} {answer.slug or answer.state}")
        self.run(same_as(self.model, bench))


@pytest.mark.parametrize("ahead", [False, True], ids=["at the end", "ahead"])
def test_the_ledger_does_what_its_model_does(
    migrated_url: str, ahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ahead:
        write_ahead(monkeypatch)
    clock = stopped(monkeypatch)
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Ledgers(migrated_url, clock, runner),  # type: ignore[arg-type]
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                # Making a failing example small takes minutes on a real store.
                phases=set(Phase) - (set() if EXAMPLES > 25 else {Phase.shrink}),
                suppress_health_check=list(HealthCheck),
            ),
        )


def id_of(record: LogRecord) -> UUID:
    return Envelope.from_headers(record.headers).id


async def answers_of(bench: Bench, records: list[LogRecord]) -> list[Outcome]:
    """One for each record, in their order."""
    return [
        Outcome.model_validate_json(message.value)
        for message in await bench.consume(*records)
        if message.headers["ce_type"] == "Outcome"
    ]


def known(outcome: Outcome, like: Answer) -> Answer:
    """The outcome, as far as the model has something to say about it."""
    if outcome.problem is None:
        return Answer(outcome.state)
    problem = outcome.problem.model_dump(mode="json")
    slug = outcome.problem.type.removeprefix("/problems/")
    return Answer(outcome.state, slug, {name: problem.get(name) for name in like.figures})


async def same_as(model: LedgerModel, bench: Bench) -> None:
    keys = await same_accounts(model, bench)
    await same_entries(model, bench, keys)
    holds = {row["id"]: row for row in await stored(bench, tables.holds)}
    assert holds.keys() == model.holds.keys()
    for id_, hold in model.holds.items():
        assert compared(holds[id_], hold, "amount", "captured", "status", "expires_at")
    transactions = {row["id"]: row for row in await stored(bench, tables.transactions)}
    assert transactions.keys() == model.transactions.keys()
    for id_, one in model.transactions.items():
        assert compared(
            transactions[id_],
            one,
            *("number", "kind", "status", "amount", "refunded", "is_reversed"),
        )


async def same_accounts(model: LedgerModel, bench: Bench) -> dict[UUID, Key]:
    rows = await stored(bench, tables.accounts)
    keys: dict[UUID, Key] = {
        row["id"]: row["id"] if row["kind"] == "customer" else (row["kind"], row["currency"])
        for row in rows
    }
    assert set(keys.values()) == model.accounts.keys()
    for row in rows:
        assert compared(
            row,
            model.accounts[keys[row["id"]]],
            *("kind", "currency", "name", "minimum", "posted", "held", "version", "is_closed"),
        )
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], 0) + row["posted"]
    assert not any(totals.values()), "the trial balance is zero"
    return keys


async def same_entries(model: LedgerModel, bench: Bench, keys: dict[UUID, Key]) -> None:
    """Each account's, in the order of their versions, with the balance after each."""
    entries: dict[Key, list[int]] = {key: [] for key in model.accounts}
    for row in await stored(bench, tables.entries):
        mine = entries[keys[row["account_id"]]]
        mine.append(row["amount"])
        assert row["balance"] == sum(mine)
    assert entries == {key: account["entries"] for key, account in model.accounts.items()}


def compared(row: dict[str, Any], thing: dict[str, Any], *names: str) -> bool:
    stored_values = {name: row[name] for name in names}
    expected = {name: thing[name] for name in names}
    assert stored_values == expected
    return True
