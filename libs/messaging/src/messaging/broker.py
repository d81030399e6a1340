"""FastStream's broker as we use it: it consumes only, and hands over batches as they are."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from messaging.long_poll import LongPollConsumer
from messaging.one_ahead import Portion

LOOKS_FOR_TOPICS_EVERY_MS: Final = 3_000


class LongPollBroker(KafkaBroker):
    """A FastStream broker with LongPollConsumers. Messages leave by the relay: no producer."""

    def __init__(self, bootstrap_servers: str, *, name: str, shutdown_s: float = 10.0) -> None:
        super().__init__(
            bootstrap_servers,
            client_id=name,
            graceful_timeout=shutdown_s,
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            # Who joins while a broker has lost its topics holds nothing until they are seen again.
            metadata_max_age_ms=LOOKS_FOR_TOPICS_EVERY_MS,
        )
        self.bootstrap_servers = bootstrap_servers

    async def _connect(self) -> Callable[..., AIOKafkaConsumer]:
        builder: Any = await super()._connect()
        self.config.broker_config.builder = partial(LongPollConsumer, **builder.keywords)
        return self.config.broker_config.builder


async def raw_batch(
    portions: tuple[Portion, ...], parse: Callable[..., Awaitable[Any]]
) -> KafkaMessage:
    """FastStream's parser decodes headers and fails on a bad one, so it sees none of ours."""
    message: KafkaMessage = await parse((_BARE,))
    message.raw_message = portions
    return message


async def not_decoded(_message: KafkaMessage) -> bytes:
    """FastStream's decoder: `messaging.records` is ours."""
    return b""


_BARE: Final = ConsumerRecord("", 0, 0, 0, 0, b"", b"", None, 0, 0, ())
