"""Books in which something has happened, for those who look whether all of it adds up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.ledger.tests.integration.commanding import hold, opening, post, send
from services.ledger.tests.integration.conftest import Bench
from sqlalchemy import text

from contracts.contract import Command
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    CaptureHold,
    CloseAccount,
    CompleteTransaction,
    OpenAccount,
    Posting,
    PostJournal,
    RefundTransaction,
    ReverseTransaction,
    VoidHold,
)

CURRENCIES = ("EUR", "JPY")


async def run(bench: Bench, *statements: str) -> None:
    """SQL, of somebody who is at the database itself."""
    async with bench.delivery.db.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def small_book(bench: Bench) -> None:
    """Eight postings, of everything something; open are a hold of 300 and a pending 200."""
    a, b = opening(), opening(name="savings")
    sold, refunded, reversed_ = (post("debit", a.account_id, 100 * n) for n in (4, 5, 6))
    held = [hold(a.account_id, 300), hold(a.account_id, 250)]
    journal = [(a, b, 30), (b, a, 10)]
    outcomes = await send(
        bench,
        *(a, b, post("credit", a.account_id, 9_000, description="Salary", metadata={"run": "11"})),
        post("transfer", a.account_id, 1_500, to_account_id=b.account_id, description="Rent"),
        *(sold, refunded, reversed_, *held),
        post("debit", b.account_id, 2_000),
        CaptureHold(hold_id=held[1].hold_id, transaction_id=new_id(), amount=200),
        PostJournal(
            transaction_id=new_id(),
            postings=[
                Posting(
                    source_id=source.account_id,
                    target_id=target.account_id,
                    amount=amount,
                    currency="EUR",
                )
                for source, target, amount in journal
            ],
        ),
        post("transfer", a.account_id, 200, to_account_id=b.account_id, is_pending=True),
        RefundTransaction(
            transaction_id=new_id(), refunded_id=refunded.transaction_id, amount=100, currency="EUR"
        ),
        ReverseTransaction(transaction_id=new_id(), reversed_id=reversed_.transaction_id),
    )
    states = [outcome.state for outcome in outcomes]
    assert (states.count("succeeded"), states.count("refused")) == (14, 1), outcomes


class Crowd:
    """Commands of all kinds that name what may be there; some of them will be refused."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._accounts = [opening(currency=CURRENCIES[n % 2]) for n in range(6)]
        self._paid = [new_id()]
        self._pending = [new_id()]
        self._holds = [new_id()]
        self._last = self._accounts[0]
        self._kinds = (
            *(self._credit, self._credit, self._pay, self._pay, self._wait, self._place),
            *(self._capture, self._void, self._complete, self._cancel),
            *(self._reverse, self._refund, self._journal),
        )

    def batches(self, count: int) -> Iterator[list[Command]]:
        yield list(self._accounts)
        while count > 0:
            size = min(count, self._random.randint(1, 25))
            yield [self._random.choice(self._kinds)() for _ in range(size)]
            count -= size
        empty = opening()
        yield [empty, CloseAccount(account_id=empty.account_id)]

    def _credit(self) -> Command:
        return post("credit", self._one().account_id, **self._money(9_000))

    def _pay(self) -> Command:
        one, id_ = self._one(), self._new(self._paid)
        if self._random.random() < 0.4:
            return post("debit", one.account_id, transaction_id=id_, **self._money())
        to = self._random.choice(self._accounts).account_id
        return post(
            "transfer", one.account_id, transaction_id=id_, to_account_id=to, **self._money()
        )

    def _wait(self) -> Command:
        one, id_ = self._one(), self._new(self._pending)
        return post("debit", one.account_id, transaction_id=id_, is_pending=True, **self._money())

    def _place(self) -> Command:
        expires_at = datetime.now(UTC) + timedelta(days=self._random.randint(1, 3))
        one, id_ = self._one(), self._new(self._holds)
        return hold(one.account_id, hold_id=id_, expires_at=expires_at, **self._money())

    def _capture(self) -> Command:
        return CaptureHold(hold_id=self._random.choice(self._holds), transaction_id=new_id())

    def _void(self) -> Command:
        return VoidHold(hold_id=self._random.choice(self._holds))

    def _complete(self) -> Command:
        return CompleteTransaction(
            transaction_id=self._random.choice(self._pending),
            **self._random.choice(({}, self._money(50))),
        )

    def _cancel(self) -> Command:
        return CancelTransaction(transaction_id=self._random.choice(self._pending))

    def _reverse(self) -> Command:
        return ReverseTransaction(
            transaction_id=new_id(), reversed_id=self._random.choice(self._paid)
        )

    def _refund(self) -> Command:
        return RefundTransaction(
            transaction_id=new_id(),
            refunded_id=self._random.choice(self._paid),
            **self._money(100),
        )

    def _journal(self) -> Command:
        one, other = self._random.sample(self._accounts[::2], 2)
        sides = self._random.choices([(one, other), (other, one)], k=self._random.randint(1, 4))
        postings = [
            Posting(
                source_id=source.account_id,
                target_id=target.account_id,
                amount=self._random.randint(1, 200),
                currency="EUR",
            )
            for source, target in sides
        ]
        return PostJournal(transaction_id=new_id(), postings=postings)

    def _one(self) -> OpenAccount:
        self._last = self._random.choice(self._accounts)
        return self._last

    def _money(self, most: int = 900) -> dict[str, Any]:
        """In the currency of the account that was named last."""
        return {"amount": self._random.randint(1, most), "currency": self._last.currency}

    def _new(self, pool: list[UUID]) -> UUID:
        pool.append(id_ := new_id())
        return id_


async def busy_book(bench: Bench, *, commands: int, seed: int) -> list[Outcome]:
    batches = Crowd(seed).batches(commands)
    return [outcome for batch in batches for outcome in await send(bench, *batch)]
