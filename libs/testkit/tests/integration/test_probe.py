import pytest

from servers.processes import HOST
from testkit.brokers import EmbeddedBroker
from testkit.kafka import KafkaServer
from testkit.probe import BrokerPowers, probe, requires
from testkit.processes import free_port


async def test_kafka_has_every_power(own_kafka: KafkaServer) -> None:
    powers = await probe(own_kafka.bootstrap_servers, name="Kafka", restart=own_kafka.restart)
    assert powers == BrokerPowers(
        broker="Kafka",
        groups=True,
        evicts_dead_members=True,
        idempotence=True,
        read_committed=True,
        keeps_acknowledged_records=True,
        long_polls=True,
    )


async def test_the_embedded_broker_can_not_show_what_crash_tests_need(
    own_broker: EmbeddedBroker,
) -> None:
    powers = await probe(own_broker.bootstrap_servers, restart=own_broker.restart)
    assert (powers.broker, powers.groups, powers.idempotence) == (
        own_broker.bootstrap_servers,
        True,
        True,
    )
    assert not powers.evicts_dead_members
    assert not powers.keeps_acknowledged_records
    assert not powers.long_polls


async def test_without_a_broker_there_is_nothing_to_say() -> None:
    with pytest.raises((OSError, RuntimeError)):
        await probe(f"{HOST}:{free_port()}")


def test_a_test_is_skipped_in_one_line_where_the_broker_lacks_a_power() -> None:
    powers = BrokerPowers(
        broker="a broker",
        groups=True,
        evicts_dead_members=False,
        idempotence=True,
        read_committed=True,
        keeps_acknowledged_records=False,
        long_polls=False,
    )
    requires(powers, "groups", "idempotence")
    with pytest.raises(pytest.skip.Exception) as skipped:
        requires(powers, "groups", "keeps_acknowledged_records")
    assert str(skipped.value) == "a broker doesn't show: keeps_acknowledged_records"
    with pytest.raises(AssertionError):
        requires(powers, "wings")
