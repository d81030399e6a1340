"""Which messages each topic carries."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from contracts import auth, catalog, chat, gateway, ingest, ledger, ledger_events, topics
from contracts.contract import Message
from contracts.topics import Topic

UNIONS: Final[Mapping[Topic, Any]] = MappingProxyType(
    {
        topics.AUTH_COMMANDS: auth.AuthCommands,
        topics.AUTH_EVENTS: auth.AuthEvents,
        topics.CATALOG_COMMANDS: catalog.CatalogCommands,
        topics.CATALOG_EVENTS: catalog.CatalogEvents,
        topics.CATALOG_OUTCOMES: gateway.Outcomes,
        topics.CHAT_COMMANDS: chat.ChatCommands,
        topics.CHAT_EVENTS: chat.ChatEvents,
        topics.GATEWAY_OUTCOMES: gateway.Outcomes,
        topics.GATEWAY_STREAMS: gateway.Streams,
        topics.INGEST_COMMANDS: ingest.IngestCommands,
        topics.INGEST_EVENTS: ingest.IngestEvents,
        topics.LEDGER_COMMANDS: ledger.LedgerCommands,
        topics.LEDGER_EVENTS: ledger_events.LedgerEvents,
    }
)
"""Each topic's union, discriminated by `type`. Dead-letter topics carry what their origin does."""


def messages_of(topic: Topic) -> tuple[type[Message], ...]:
    """The message classes of a topic. Raises KeyError for a topic without a contract."""
    union = get_args(UNIONS[topic])[0]
    return get_args(union) or (union,)
