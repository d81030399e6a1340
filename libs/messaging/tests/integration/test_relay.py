import time
from collections import defaultdict
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from libs.messaging.tests.memory_outbox import MemoryOutbox

from contracts.topics import GATEWAY_OUTCOMES, LEDGER_EVENTS, Topic
from messaging.log_writer import BATCH_BYTES
from messaging.relay import Relay
from messaging.signal import Signal
from messaging.store import LogEnd
from testkit.brokers import Broker, EmbeddedBroker
from testkit.waiting import in_background, until


def relay_of(broker: Broker, outbox: MemoryOutbox, wake: Signal | None = None) -> Relay:
    return Relay(
        bootstrap_servers=broker.bootstrap_servers,
        outbox=outbox,
        wake=wake or Signal(),
        poll_s=0.05,
        check_s=0.1,
        lease_s=0.3,
        send_timeout_s=5,
    )


async def log_of(broker: Broker, topic: Topic) -> dict[int, list[ConsumerRecord]]:
    """Everything that is in the topic now, by partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: dict[int, list[ConsumerRecord]] = defaultdict(list)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=100)).items():
                found[place.partition] += records
        return found
    finally:
        await consumer.stop()


def contents(record: ConsumerRecord) -> tuple[object, ...]:
    return record.key, record.value, list(record.headers)


async def texts_in(broker: Broker, topic: Topic) -> set[str]:
    found = await log_of(broker, topic)
    return {record.value.decode() for records in found.values() for record in records}


async def test_messages_are_published_in_order_within_a_key(broker: Broker, topic: Topic) -> None:
    outbox = MemoryOutbox()
    for n in range(100):
        outbox.put(topic, *((f"key-{k}", f"{n}") for k in range(5)))
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
    by_key: dict[bytes, list[int]] = defaultdict(list)
    for records in (await log_of(broker, topic)).values():
        for record in records:
            by_key[record.key].append(int(record.value))
    assert len(by_key) == 5
    assert all(values == list(range(100)) for values in by_key.values())


async def test_a_message_goes_with_its_headers_to_the_partition_it_names(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "zero"), partition=0)
    outbox.put(topic, ("k", "one"), partition=1)
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
    found = await log_of(broker, topic)
    assert {n: [r.value for r in records] for n, records in found.items()} == {
        0: [b"zero"],
        1: [b"one"],
    }
    [(name, value)] = found[0][0].headers
    assert {name: value.decode()} == outbox.parcels[1].messages[0].headers


async def test_what_is_too_much_for_one_batch_goes_in_several_and_stays_in_order(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    sizes = [BATCH_BYTES // 3, BATCH_BYTES // 2, 2 * BATCH_BYTES, 10, BATCH_BYTES // 2, 10]
    outbox.put(topic, *(("k", f"{n}".ljust(size)) for n, size in enumerate(sizes)), partition=0)
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
    found = (await log_of(broker, topic))[0]
    assert [int(record.value) for record in found] == list(range(len(sizes)))
    assert outbox.ends[topic.name, 0].next_offset == len(sizes)


async def test_what_arrives_is_what_another_client_would_have_sent(
    broker: Broker, topic: Topic, producer: AIOKafkaProducer
) -> None:
    outbox = MemoryOutbox()
    before_ms = int(time.time() * 1000)
    outbox.put(topic, *((f"kéy {n}", "ä" * 40 * n) for n in range(20)))
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
    for message in outbox.parcels[1].messages:
        headers = [(name, text.encode()) for name, text in message.headers.items()]
        key, value = message.key.encode(), message.value.encode()
        await producer.send_and_wait(topic.name, value, key=key, headers=headers)
    found = await log_of(broker, topic)
    assert sum(map(len, found.values())) == 40
    for records in found.values():
        half = len(records) // 2
        relayed, sent = records[:half], records[half:]
        assert [contents(record) for record in relayed] == [contents(record) for record in sent]
        assert {record.timestamp_type for record in records} == {0}
        assert all(before_ms <= r.timestamp <= time.time() * 1000 for r in relayed)


async def test_a_message_that_no_broker_takes_fails(topic: Topic, broker: Broker) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "x" * 2 * 1024 * 1024), partition=0)
    relay = relay_of(broker, outbox)
    async with in_background(relay.run()):
        await until(lambda: "MessageSizeTooLarge" in (relay.trouble or ""))
    assert not outbox.is_empty


async def test_how_far_the_log_reaches_is_remembered(broker: Broker, topic: Topic) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "a"), ("k", "b"), partition=1)
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
    last = outbox.parcels[1].messages[1].headers["ce_id"]
    assert outbox.ends == {(topic.name, 1): LogEnd(next_offset=2, message_id=last)}


async def test_a_commit_is_published_at_once_when_the_relay_is_woken(
    broker: Broker, topic: Topic
) -> None:
    outbox, wake = MemoryOutbox(), Signal()
    relay = relay_of(broker, outbox, wake)
    relay.poll_s = 3_600
    outbox.put(topic, ("k", "first"))
    async with in_background(relay.run()):
        await until(lambda: outbox.is_empty)
        outbox.put(topic, ("k", "second"))
        wake.set()
        await until(lambda: outbox.is_empty)
    assert await texts_in(broker, topic) == {"first", "second"}


async def test_while_another_relay_leads_this_one_publishes_nothing(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "a"))
    outbox.leader = "another"
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.bids >= 3)
        assert not outbox.is_empty
        outbox.leader = None
        await until(lambda: outbox.is_empty)
    assert await texts_in(broker, topic) == {"a"}


async def test_a_relay_renews_its_lease_and_publishes_no_more_when_it_has_lost_it(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "a"))
    async with in_background(relay_of(broker, outbox).run()):
        await until(lambda: outbox.is_empty)
        await until(lambda: outbox.bids >= 3)
        outbox.leader, bids = "another", outbox.bids
        await until(lambda: outbox.bids > bids)
        outbox.put(topic, ("k", "b"))
        await until(lambda: outbox.bids > bids + 2)
        assert not outbox.is_empty
    assert await texts_in(broker, topic) == {"a"}


async def test_a_lost_log_is_rebuilt_as_far_back_as_the_window_reaches(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    relay = relay_of(broker, outbox)
    relay.replay_window_s = 60
    for text, age_s in (("old", 70), ("recent", 50), ("new", 0)):
        outbox.put(topic, ("k", text))
        outbox.made[len(outbox.made)] -= timedelta(seconds=age_s)
    outbox.sent = set(outbox.parcels)
    outbox.ends[topic.name, 0] = LogEnd(next_offset=1_000, message_id="lost")
    async with in_background(relay.run()):

        async def newest_is_there() -> bool:
            return "new" in await texts_in(broker, topic)

        await until(newest_is_there)
    assert await texts_in(broker, topic) == {"recent", "new"}


async def test_a_broker_that_lost_its_log_is_given_everything_again(
    own_broker: EmbeddedBroker,
) -> None:
    outbox = MemoryOutbox()
    outbox.put(LEDGER_EVENTS, ("a", "1"), ("b", "2"))
    outbox.put(GATEWAY_OUTCOMES, ("c", "3"))
    async with in_background(relay_of(own_broker, outbox).run()):
        await until(lambda: outbox.is_empty)
        own_broker.restart_empty()

        async def is_rebuilt() -> bool:
            events = await texts_in(own_broker, LEDGER_EVENTS)
            return events == {"1", "2"} and await texts_in(own_broker, GATEWAY_OUTCOMES) == {"3"}

        await until(is_rebuilt, at_most_s=30)
        await until(lambda: outbox.is_empty)


async def test_a_log_that_goes_on_below_what_was_published_is_noticed_at_the_next_message(
    broker: Broker, topic: Topic
) -> None:
    outbox = MemoryOutbox()
    relay = relay_of(broker, outbox)
    relay.check_s = 3_600
    outbox.put(topic, ("k", "first"), partition=0)
    async with in_background(relay.run()):
        await until(lambda: outbox.is_empty)
        relay._ends[topic.name, 0] = LogEnd(next_offset=1_000, message_id="lost")
        outbox.put(topic, ("k", "second"), partition=0)

        async def first_is_there_again() -> bool:
            values = [record.value for record in (await log_of(broker, topic))[0]]
            return values == [b"first", b"second", b"first"]

        await until(first_is_there_again)


async def test_a_log_that_others_have_filled_beyond_what_was_published_is_known_as_another(
    broker: Broker, topic: Topic, producer: AIOKafkaProducer
) -> None:
    outbox = MemoryOutbox()
    outbox.put(topic, ("k", "first"), partition=0)
    for _ in range(5):
        await producer.send_and_wait(topic.name, b"somebody else", partition=0)
    outbox.sent = set(outbox.parcels)
    outbox.ends[topic.name, 0] = LogEnd(next_offset=1, message_id="first")
    async with in_background(relay_of(broker, outbox).run()):

        async def first_is_there() -> bool:
            return "first" in await texts_in(broker, topic)

        await until(first_is_there)


async def test_what_a_broker_that_is_away_missed_is_published_when_it_is_back(
    own_broker: EmbeddedBroker,
) -> None:
    outbox = MemoryOutbox()
    own_broker.kill()
    outbox.put(LEDGER_EVENTS, ("a", "1"))
    async with in_background(relay_of(own_broker, outbox).run()):
        own_broker.restart_empty()
        await until(lambda: outbox.is_empty, at_most_s=30)
    assert await texts_in(own_broker, LEDGER_EVENTS) == {"1"}


async def test_a_second_producer_does_not_disturb_the_relay(
    broker: Broker, topic: Topic, producer: AIOKafkaProducer
) -> None:
    outbox = MemoryOutbox()
    async with in_background(relay_of(broker, outbox).run()):
        for n in range(3):
            await producer.send_and_wait(topic.name, b"somebody else", partition=0)
            outbox.put(topic, ("k", f"{n}"), partition=0)
            await until(lambda: outbox.is_empty)
    values = [record.value for record in (await log_of(broker, topic))[0]]
    assert values.count(b"somebody else") == 3
    assert [v for v in values if v != b"somebody else"] == [b"0", b"1", b"2"]
