"""Accounts and transfers for `bench-ledger`: the same ones in each run, but for their ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

from benchmarks.samples import TRACEPARENT
from contracts.ids import derived_id, new_id
from contracts.ledger import LedgerCommand, OpenAccount, PostTransaction
from contracts.topics import GATEWAY_OUTCOMES
from messaging.envelope import ReplyAddress
from messaging.records import Decoder, Received
from testkit.records import record_of

ACCOUNTS: Final = 10_000
CURRENCY: Final = "EUR"
FUNDS: Final = 10**9
"""On each account, in minor units: no transfer is refused."""
MOST: Final = 2_000

_SEED: Final = 20_261_122
_DECODER: Final = Decoder([OpenAccount, PostTransaction])
_REPLY_TO: Final = ReplyAddress(topic=GATEWAY_OUTCOMES.name, partition=0)


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with an account."""

    account_id: UUID
    owner_id: UUID


def customers(count: int = ACCOUNTS) -> list[Customer]:
    """Always the same ones; their ids are as random as any."""
    return [
        Customer(derived_id("bench-account", number), derived_id("bench-owner", number))
        for number in range(count)
    ]


def openings(people: Sequence[Customer]) -> Iterator[LedgerCommand]:
    """What gives each an account, and money on it."""
    for one in people:
        yield OpenAccount(account_id=one.account_id, owner_id=one.owner_id, currency=CURRENCY)
        yield PostTransaction(
            transaction_id=new_id(),
            kind="credit",
            account_id=one.account_id,
            amount=FUNDS,
            currency=CURRENCY,
        )


def transfers(people: Sequence[Customer], *, hot: bool = False) -> Iterator[PostTransaction]:
    """Without end, from anybody to anybody; or, when `hot`, all from the first one."""
    random = Random(_SEED)
    last = len(people) - 1
    while True:
        source = 0 if hot else random.randint(0, last)
        target = (source + random.randint(1, last)) % len(people)
        yield PostTransaction(
            transaction_id=new_id(),
            kind="transfer",
            account_id=people[source].account_id,
            to_account_id=people[target].account_id,
            amount=random.randint(1, MOST),
            currency=CURRENCY,
            description="Lunch on Tuesday",
            owner_id=people[source].owner_id,
        )


def received(command: LedgerCommand) -> Received:
    """As the gateway sends it and the consumer decodes it.

    A transaction's command has the transaction's id.
    """
    request_id = new_id()
    record = record_of(
        command,
        id=command.transaction_id if isinstance(command, PostTransaction) else None,
        source="gateway",
        correlation_id=request_id,
        causation_id=request_id,
        actor=str(request_id),
        traceparent=TRACEPARENT,
        reply_to=_REPLY_TO,
    )
    [item] = _DECODER.decode([record])
    assert isinstance(item, Received), "it is sound"
    return item
