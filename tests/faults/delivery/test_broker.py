import asyncio
import shutil
from datetime import UTC, datetime

import pytest

from contracts.topics import LEDGER_COMMANDS, LEDGER_EVENTS, Topic
from storage.replay import replay_topic
from testkit.kafka import KafkaServer
from testkit.waiting import until
from tests.faults.delivery import tables
from tests.faults.delivery.evidence import end_of
from tests.faults.delivery.load import RATE
from tests.faults.delivery.system import System


@pytest.mark.whole_set
async def test_a_broker_killed_under_load_and_started_again_costs_nothing(
    system: System, own_kafka: KafkaServer, commands: int
) -> None:
    system.start()
    async with system.under_load(commands):
        await system.has_heard(system.random.randrange(500, 1_500))
        await asyncio.to_thread(own_kafka.restart)
    await system.keeps_its_promise()


@pytest.mark.whole_set
async def test_commands_are_accepted_while_the_broker_is_away_for_a_minute(
    system: System, own_kafka: KafkaServer
) -> None:
    missed = 60 * RATE
    system.start()
    async with system.under_load(1_000):
        await system.has_heard(system.random.randrange(100, 500))
    own_kafka.kill()
    async with system.under_load(missed):
        await system.has_accepted(1_000 + missed)
        await asyncio.to_thread(own_kafka.restart)
    await system.keeps_its_promise(at_most_s=300)


async def test_relays_rebuild_the_log_of_a_broker_whose_disk_was_wiped(
    system: System, own_kafka: KafkaServer, commands: int
) -> None:
    system.start()
    async with system.under_load(commands):
        await system.has_heard(system.random.randrange(500, 1_500))
        await asyncio.to_thread(own_kafka.restart_empty)
    await system.keeps_its_promise(is_in_order=False)


@pytest.mark.whole_set
async def test_an_operator_rebuilds_a_wiped_log_that_relays_leave_alone(
    system: System, own_kafka: KafkaServer, commands: int
) -> None:
    since = datetime.now(UTC)
    system.rebuild_no_log()
    system.gateway.start()
    system.ledger.start()
    async with system.under_load(commands):
        await system.has_accepted(commands)
    await system.has_heard(commands)
    await system.has_sent_everything()
    await asyncio.to_thread(own_kafka.restart_empty)
    system.catalog.start()
    await replay_topic(
        system.stores.ledger,
        tables.ledger_delivery,
        LEDGER_EVENTS.name,
        since=since,
        until=datetime.now(UTC),
    )
    await system.keeps_its_promise()


@pytest.mark.whole_set
@pytest.mark.parametrize(
    ("topic", "reader"), [(LEDGER_EVENTS, "catalog"), (LEDGER_COMMANDS, "ledger")]
)
async def test_new_records_at_the_offsets_of_a_lost_partition_are_not_skipped(
    topic: Topic, reader: str, system: System, own_kafka: KafkaServer, commands: int
) -> None:
    system.rebuild_no_log()
    system.start()
    async with system.under_load(1_500):
        await system.has_accepted(1_500)
    await system.keeps_its_promise()
    system.processes[reader].kill()
    partition = system.random.randrange(topic.partitions)
    end = await end_of(own_kafka.bootstrap_servers, topic, partition)
    own_kafka.stop()
    shutil.rmtree(own_kafka._server.folder / "data" / f"{topic.name}-{partition}")
    await asyncio.to_thread(own_kafka.restart)

    async def is_filled_anew() -> bool:
        return await end_of(own_kafka.bootstrap_servers, topic, partition) > end

    async with system.under_load(commands):
        await until(is_filled_anew, at_most_s=60)
        system.processes[reader].start()
    await system.keeps_its_promise(is_log_whole=False)
