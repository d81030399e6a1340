import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from libs.messaging.tests.memory_outbox import MemoryOutbox

from contracts.topics import LEDGER_COMMANDS, LEDGER_EVENTS
from messaging.broker import LongPollBroker
from messaging.delivery import Delivery, Loop, NotReady
from messaging.records import Record
from messaging.relay import Relay
from messaging.signal import Signal
from messaging.subscriber import Subscription
from testkit.brokers import Broker, EmbeddedBroker
from testkit.waiting import until


async def ignore(records: Sequence[Record]) -> None:
    """A service that wants nothing of what it is given."""


def delivery_of(broker: Broker, outbox: MemoryOutbox, *, loops: Sequence[Loop] = ()) -> Delivery:
    name = f"test.{uuid4().hex}"
    kafka = LongPollBroker(broker.bootstrap_servers, name=name, shutdown_s=0.5)
    return Delivery(
        broker=kafka,
        subscription=Subscription(kafka, [LEDGER_COMMANDS], group=name, consume=ignore),
        relay=Relay(
            bootstrap_servers=broker.bootstrap_servers, outbox=outbox, wake=Signal(), poll_s=0.05
        ),
        loops=loops,
        shutdown_s=5,
    )


async def is_ready(delivery: Delivery) -> bool:
    try:
        await delivery.check()
    except NotReady:
        return False
    return True


async def test_a_service_is_ready_once_it_consumes(broker: Broker) -> None:
    delivery = delivery_of(broker, MemoryOutbox())
    with pytest.raises(NotReady):
        await delivery.check()
    async with delivery.running():
        await until(lambda: is_ready(delivery))


async def test_a_service_starts_without_a_broker_and_consumes_when_there_is_one(
    own_broker: EmbeddedBroker,
) -> None:
    own_broker.kill()
    delivery = delivery_of(own_broker, MemoryOutbox())
    async with delivery.running():
        with pytest.raises(NotReady):
            await delivery.check()
        own_broker.restart_empty()
        await until(lambda: is_ready(delivery), at_most_s=30)


async def test_a_stop_sends_what_has_been_committed(broker: Broker) -> None:
    outbox = MemoryOutbox()
    delivery = delivery_of(broker, outbox)
    delivery.relay.poll_s = 0.5
    async with delivery.running():
        await until(lambda: is_ready(delivery))
        outbox.put(LEDGER_EVENTS, ("k", "last words"))
    assert outbox.is_empty


async def test_a_stop_without_a_broker_ends_and_keeps_the_outbox(
    own_broker: EmbeddedBroker,
) -> None:
    outbox = MemoryOutbox()
    delivery = delivery_of(own_broker, outbox)
    delivery.shutdown_s = 0.5
    async with asyncio.timeout(20):
        async with delivery.running():
            await until(lambda: is_ready(delivery))
            own_broker.kill()
            outbox.put(LEDGER_EVENTS, ("k", "kept"))
    assert not outbox.is_empty


async def test_a_loop_that_fails_is_started_anew_and_all_end_with_the_service(
    broker: Broker,
) -> None:
    starts, ended = 0, asyncio.Event()

    async def shaky() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ZeroDivisionError
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with delivery_of(broker, MemoryOutbox(), loops=[shaky]).running():
        await until(lambda: starts == 2)
    assert ended.is_set()
