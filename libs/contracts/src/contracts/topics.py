"""Every topic of the system, declared once: who owns it, its partitions and its retention."""

from dataclasses import dataclass
from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic as it is created on a broker.

    A compacted one keeps the last record of each key for good; the others keep all records for
    their time. Events are never compacted: a projection needs each version.

    `retention_ms` holds for a broker that keeps its log on disk; `memory_retention_ms` for one that
    keeps it in memory, where the outboxes can rebuild what is gone.
    """

    name: str
    owner: str
    partitions: int = 4
    retention_ms: int = 7 * DAY_MS
    memory_retention_ms: int = 2 * MINUTE_MS
    is_compacted: bool = False

    @property
    def dead(self) -> "Topic":
        """Where records of this topic go that can't be decoded or handled."""
        return Topic(
            name=f"{self.name}.dead", owner=self.owner, partitions=1, retention_ms=30 * DAY_MS
        )


def _commands(owner: str) -> Topic:
    return Topic(name=f"{owner}.commands.v1", owner=owner)


def _events(owner: str) -> Topic:
    return Topic(name=f"{owner}.events.v1", owner=owner)


def _outcomes(asker: str) -> Topic:
    return Topic(name=f"{asker}.outcomes.v1", owner=asker)


AUTH_COMMANDS: Final = _commands("auth")
AUTH_EVENTS: Final = _events("auth")
CATALOG_COMMANDS: Final = _commands("catalog")
CATALOG_EVENTS: Final = _events("catalog")
CATALOG_OUTCOMES: Final = _outcomes("catalog")
CHAT_COMMANDS: Final = _commands("chat")
CHAT_EVENTS: Final = _events("chat")
GATEWAY_OUTCOMES: Final = _outcomes("gateway")
GATEWAY_STREAMS: Final = Topic(
    name="gateway.streams.v1",
    owner="gateway",
    retention_ms=HOUR_MS,
    memory_retention_ms=MINUTE_MS // 2,
)
INGEST_COMMANDS: Final = _commands("ingest")
INGEST_EVENTS: Final = _events("ingest")
LEDGER_COMMANDS: Final = _commands("ledger")
LEDGER_EVENTS: Final = _events("ledger")

_CONSUMED: Final = (
    AUTH_COMMANDS,
    AUTH_EVENTS,
    CATALOG_COMMANDS,
    CATALOG_EVENTS,
    CATALOG_OUTCOMES,
    CHAT_COMMANDS,
    CHAT_EVENTS,
    GATEWAY_OUTCOMES,
    INGEST_COMMANDS,
    INGEST_EVENTS,
    LEDGER_COMMANDS,
    LEDGER_EVENTS,
)

TOPICS: Final = (*_CONSUMED, *(topic.dead for topic in _CONSUMED), GATEWAY_STREAMS)
