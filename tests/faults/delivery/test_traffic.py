import asyncio
import math

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.topics import GATEWAY_OUTCOMES, LEDGER_COMMANDS, LEDGER_EVENTS
from messaging.asking import FIRST_PAUSE_S
from tests.faults.delivery.breaking import Faults
from tests.faults.delivery.system import REST_S, System

STAYS_S = 2.0

TOPICS_OF = {"ledger": LEDGER_COMMANDS, "catalog": LEDGER_EVENTS, "gateway": GATEWAY_OUTCOMES}

POISONS: list[tuple[bytes | None, list[tuple[str, bytes]]]] = [
    (None, []),
    (b"\x00\xff neither JSON nor text", []),
    (b"{}", [("ce_id", b"\xff\xfe"), ("ce_type", b"")]),
    (b"{}", [("ce_id", b"1"), ("ce_type", b"Move"), ("ce_source", b"x"), ("ce_subject", b"x")]),
]
"""Values and headers. None of them is a message."""


async def rebalances(system: System, commands: int) -> None:
    """Somebody joins the ledger's group and leaves it again, until all outcomes have come."""
    while await system.stores.heard() < commands:
        guest = AIOKafkaConsumer(
            LEDGER_COMMANDS.name,
            bootstrap_servers=system.bootstrap_servers,
            group_id="ledger",
            enable_auto_commit=False,
        )
        try:
            await guest.start()
            await asyncio.sleep(STAYS_S)
        finally:
            await guest.stop()
        await asyncio.sleep(STAYS_S)


@pytest.mark.whole_set
async def test_a_rebalance_every_two_seconds_delays_and_repeats_no_effect(
    system: System, commands: int
) -> None:
    system.add("second ledger", "ledger", instance="2")
    system.start()
    async with system.under_load(commands), asyncio.timeout(REST_S):
        await rebalances(system, commands)
    await system.keeps_its_promise()


@pytest.mark.whole_set
async def test_messages_that_are_all_delivered_twice_have_their_effect_once(
    system: System, commands: int
) -> None:
    system.start(gateway=Faults(twice=True), ledger=Faults(twice=True))
    async with system.under_load(commands):
        await system.has_accepted(commands)
    evidence = await system.keeps_its_promise()
    assert set(evidence.asked) == set(evidence.accepted)
    assert min(evidence.asked.values()) >= 2


async def test_poison_among_the_messages_is_put_aside_and_holds_nothing_up(
    system: System, commands: int
) -> None:
    system.load.defect_each = 250
    system.start()
    poison = 12
    async with (
        AIOKafkaProducer(bootstrap_servers=system.bootstrap_servers) as producer,
        system.under_load(commands),
    ):
        for n in range(1, poison + 1):
            await system.has_accepted(n * commands // (poison + 1))
            for topic in TOPICS_OF.values():
                partition = system.random.randrange(topic.partitions)
                value, headers = system.random.choice(POISONS)
                await producer.send(
                    topic.name, value, key=b"x", partition=partition, headers=headers
                )
    await system.keeps_its_promise(poison=dict.fromkeys(TOPICS_OF, poison))


@pytest.mark.whole_set
async def test_whoever_waits_for_a_slow_consumer_asks_again_and_makes_no_storm(
    system: System,
) -> None:
    clock = asyncio.get_running_loop().time
    system.start(ledger=Faults(slow_s=0.005))
    started = clock()
    async with system.under_load(3_000):
        await system.has_accepted(3_000)
    evidence = await system.keeps_its_promise()
    assert evidence.asked.total() > len(evidence.accepted), "nobody has asked again"
    # The pauses at least double, so there is only room for so many in the time that it took.
    most = 1 + math.floor(math.log2((clock() - started) / FIRST_PAUSE_S + 1))
    assert max(evidence.asked.values()) <= most
