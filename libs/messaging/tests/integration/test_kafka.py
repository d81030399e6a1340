"""What only a broker that keeps its log can show, and what one must survive that loses it."""

from collections import defaultdict

from aiokafka import AIOKafkaProducer
from libs.messaging.tests.integration.test_relay import log_of, relay_of, texts_in
from libs.messaging.tests.integration.test_subscription import Reader, committed
from libs.messaging.tests.memory_outbox import MemoryOutbox

from contracts.topics import GATEWAY_OUTCOMES, LEDGER_EVENTS
from testkit.kafka import KafkaServer
from testkit.waiting import in_background, until


async def send(kafka: KafkaServer, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(LEDGER_EVENTS.name, value, partition=0)


async def test_a_relay_rebuilds_the_log_of_a_broker_whose_disk_was_wiped(
    own_kafka: KafkaServer,
) -> None:
    outbox = MemoryOutbox()
    outbox.put(LEDGER_EVENTS, ("a", "1"), ("b", "2"))
    outbox.put(GATEWAY_OUTCOMES, ("c", "3"))
    async with in_background(relay_of(own_kafka, outbox).run()):
        await until(lambda: outbox.is_empty)
        own_kafka.restart_empty()

        async def is_rebuilt() -> bool:
            events = await texts_in(own_kafka, LEDGER_EVENTS)
            return events == {"1", "2"} and await texts_in(own_kafka, GATEWAY_OUTCOMES) == {"3"}

        await until(is_rebuilt, at_most_s=60)
        await until(lambda: outbox.is_empty)


async def test_a_relay_goes_on_in_order_after_its_broker_was_killed(
    own_kafka: KafkaServer,
) -> None:
    outbox = MemoryOutbox()
    async with in_background(relay_of(own_kafka, outbox).run()):
        for n in range(50):
            outbox.put(LEDGER_EVENTS, *((f"key-{k}", f"{n}") for k in range(4)))
        await until(lambda: bool(outbox.sent))
        own_kafka.restart()
        for n in range(50, 100):
            outbox.put(LEDGER_EVENTS, *((f"key-{k}", f"{n}") for k in range(4)))
        await until(lambda: outbox.is_empty, at_most_s=60)
    first_seen: dict[bytes, dict[int, None]] = defaultdict(dict)
    for records in (await log_of(own_kafka, LEDGER_EVENTS)).values():
        for record in records:
            first_seen[record.key].setdefault(int(record.value))
    assert len(first_seen) == 4
    assert all(list(numbers) == list(range(100)) for numbers in first_seen.values())


async def test_a_subscription_goes_on_where_it_was_when_its_broker_comes_back(
    own_kafka: KafkaServer,
) -> None:
    async with (
        Reader(own_kafka, LEDGER_EVENTS).reading() as reader,
        in_background(reader.subscription.watch()),
    ):
        await send(own_kafka, b"one", b"two")
        await reader.has_read(2)

        async def is_committed() -> bool:
            return await committed(own_kafka, LEDGER_EVENTS) == 2

        await until(is_committed)
        own_kafka.restart()
        await send(own_kafka, b"three")
        await until(lambda: b"three" in reader.values, at_most_s=60)
    assert reader.values == [b"one", b"two", b"three"]
