import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from chat.adapters.kafka_streams import KafkaStreams
from contracts.chat import StartConversation
from contracts.gateway import AnswerDelta
from contracts.ids import new_id
from contracts.topics import GATEWAY_OUTCOMES, GATEWAY_STREAMS
from messaging.envelope import Envelope, ReplyAddress
from testkit.brokers import Broker
from testkit.processes import free_port
from testkit.records import envelope_of


def asked(*, partition: int | None) -> Envelope:
    command = StartConversation(conversation_id=new_id(), customer_id=new_id())
    reply_to = ReplyAddress(topic=GATEWAY_OUTCOMES.name, partition=partition)
    return envelope_of(command, reply_to=reply_to)


async def test_pieces_come_in_order_on_the_partition_of_whoever_asked(broker: Broker) -> None:
    cause = asked(partition=2)
    place = TopicPartition(GATEWAY_STREAMS.name, 2)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers)
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.seek_to_end(place)
        async with KafkaStreams(broker.bootstrap_servers) as streams:
            stream = streams.open(cause)
            await stream.send("It is open from 7:00 to 18:00. [1]")
            await stream.send(" Not on Sundays. [2]")
        async with asyncio.timeout(10):
            records = [await consumer.getone() for _ in range(3)]
    finally:
        await consumer.stop()

    deltas = [AnswerDelta.model_validate_json(record.value) for record in records]
    assert [delta.position for delta in deltas] == [1, 2, 3]
    assert "".join(delta.text for delta in deltas) == (
        "It is open from 7:00 to 18:00. [1] Not on Sundays. [2]"
    )
    assert {delta.command_id for delta in deltas} == {cause.id}
    envelope = Envelope.from_headers(records[0].headers)
    assert (envelope.causation_id, envelope.correlation_id) == (cause.id, cause.correlation_id)


async def test_without_a_broker_an_answer_is_not_held_up_for_long() -> None:
    async with KafkaStreams(f"127.0.0.1:{free_port()}") as streams:
        async with asyncio.timeout(5):
            await streams.open(asked(partition=0)).send("Nobody hears this.")
        # The next answer doesn't wait for the broker at all.
        async with asyncio.timeout(0.1):
            await streams.open(asked(partition=None)).send("Nor this.")
