"""Business of all kinds, to be found again in lists."""

import random
from uuid import UUID

from services.ledger.tests.integration.acting import (
    capture,
    credit,
    hold,
    transfer,
    tried,
)
from services.ledger.tests.integration.conftest import FRIEND, OWNER, Bench

from contracts.contract import Command
from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    CompleteTransaction,
    Posting,
    PostJournal,
    RefundTransaction,
    ReverseTransaction,
)


class Life:
    """Random business between a person's accounts and a friend's, several commands in a batch."""

    def __init__(self, bench: Bench, seed: int, own: list[UUID], theirs: list[UUID]) -> None:
        self._bench = bench
        self._random = random.Random(seed)
        self._accounts = own + theirs
        self._own = own
        self._pending: list[UUID] = []
        self._posted: list[UUID] = []
        self._holds: list[UUID] = []

    async def goes_on(self, batches: int) -> None:
        for _ in range(batches):
            commands = [self._command() for _ in range(self._random.randint(1, 6))]
            await tried(self._bench, *commands)

    def _command(self) -> Command:
        chosen = self._random.choice(
            [self._credit, self._transfer, self._set_aside, self._settle, self._correct,
             self._journal, self._hold, self._fail]
        )  # fmt: skip
        return chosen() or self._credit()

    def _two(self) -> tuple[UUID, UUID]:
        source, target = self._random.sample(self._accounts, 2)
        return source, target

    def _credit(self) -> Command:
        return credit(self._random.choice(self._accounts), self._random.randint(1, 5_000))

    def _transfer(self) -> Command:
        command = transfer(*self._two(), self._random.randint(1, 900))
        self._posted.append(command.transaction_id)
        return command

    def _fail(self) -> Command:
        asked_by = self._random.choice([None, OWNER, FRIEND])
        return transfer(*self._two(), 10**9, owner_id=asked_by)

    def _set_aside(self) -> Command:
        command = transfer(*self._two(), self._random.randint(1, 500), is_pending=True)
        self._pending.append(command.transaction_id)
        return command

    def _settle(self) -> Command | None:
        if len(self._pending) < 3:
            return None
        transaction_id = self._pending.pop(self._random.randrange(len(self._pending)))
        if self._random.random() < 0.3:
            return CancelTransaction(transaction_id=transaction_id)
        self._posted.append(transaction_id)
        return CompleteTransaction(transaction_id=transaction_id)

    def _correct(self) -> Command | None:
        if not self._posted:
            return None
        corrected = self._random.choice(self._posted)
        if self._random.random() < 0.5:
            return ReverseTransaction(transaction_id=new_id(), reversed_id=corrected)
        return RefundTransaction(transaction_id=new_id(), refunded_id=corrected)

    def _journal(self) -> Command:
        postings = []
        for _ in range(self._random.randint(1, 4)):
            source, target = self._two()
            amount = self._random.randint(1, 50)
            postings.append(
                Posting(source_id=source, target_id=target, amount=amount, currency="EUR")
            )
        return PostJournal(transaction_id=new_id(), postings=postings)

    def _hold(self) -> Command:
        if self._holds and self._random.random() < 0.5:
            return capture(self._holds.pop())
        command = hold(self._random.choice(self._own), 10)
        self._holds.append(command.hold_id)
        return command
