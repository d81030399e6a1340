"""One process of the system under test: `python -m tests.faults.delivery.member JSON`."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from pydantic import TypeAdapter

from messaging.asking import Asker
from messaging.broker import LongPollBroker
from messaging.consumer import BatchConsumer
from messaging.delivery import Delivery
from messaging.relay import Relay
from messaging.subscriber import Subscription
from storage.database import Database
from storage.notify import OUTBOX_CHANNEL, Listener
from storage.requests import SqlRequests
from storage.store import SqlStore
from storage.work import SqlWork
from tests.faults.delivery.breaking import Faults, FaultyOutbox
from tests.faults.delivery.messages import PROBLEMS
from tests.faults.delivery.roles import ROLES

LIFE_S: Final = 600.0
"""Whoever has started it may be killed and leave it behind."""


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a process is to be.

    Two of the same role and database need two `instance` names, or none: then they are given their
    partitions anew each time that they start.
    """

    role: str
    database_url: str
    ledger_url: str
    bootstrap_servers: str
    instance: str | None = "1"
    replay_window_s: float = 3_600.0
    faults: Faults = field(default_factory=Faults)

    def arguments(self) -> list[str]:
        """How to start it, behind the name of the program."""
        text = TypeAdapter(Orders).dump_json(self).decode()
        return ["-m", "tests.faults.delivery.member", text]


async def run(orders: Orders) -> None:
    """For LIFE_S, or until it is told to end or killed."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    db, ledger = Database(orders.database_url), Database(orders.ledger_url)
    async with _delivery(orders, db, ledger).running():
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LIFE_S)


def _delivery(orders: Orders, db: Database, ledger: Database) -> Delivery:
    role, faults = ROLES[orders.role], orders.faults
    store = SqlStore(orders.role, db, role.tables, SqlWork, outcomes=role.outcomes)
    kafka = LongPollBroker(orders.bootstrap_servers, name=orders.role)
    consumer = BatchConsumer(
        name=orders.role,
        store=store,
        handlers=faults.in_handlers(role.handlers(ledger)),
        problems=PROBLEMS,
        after_commit=lambda: faults.reach("committed"),
    )
    subscription = Subscription(
        kafka,
        role.topics,
        group=orders.role,
        decode=consumer.decode,
        consume=consumer.apply,
        instance=orders.instance,
    )
    relay = Relay(
        bootstrap_servers=orders.bootstrap_servers,
        outbox=FaultyOutbox(db, role.tables, faults),
        wake=store.outbox_wake,
        holder=orders.instance or uuid4().hex,
        replay_window_s=orders.replay_window_s,
    )
    listener = Listener(db=db, signals={OUTBOX_CHANNEL: store.outbox_wake})
    asker = Asker(requests=SqlRequests(db, role.tables, store.outbox_wake))
    loops = [listener.run, asker.run] if role.outcomes else [listener.run]
    return Delivery(broker=kafka, subscription=subscription, relay=relay, loops=loops)


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    orders = TypeAdapter(Orders).validate_json(sys.argv[1])
    try:
        import uvloop
    except ImportError:
        asyncio.run(run(orders))
    else:
        uvloop.run(run(orders))


if __name__ == "__main__":
    main()
