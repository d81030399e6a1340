"""Inbox entries as rows of any store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from messaging.envelope import ReplyAddress
from messaging.inbox import InboxEntry
from storage.codec import settlement_from, settlement_text


def entry_row(entry: InboxEntry, now: datetime) -> dict[str, Any]:
    """An entry as a row, received at `now`."""
    return {
        "consumer": entry.consumer,
        "message_id": entry.message_id,
        "message_type": entry.message_type,
        "fingerprint": entry.fingerprint,
        "correlation_id": entry.correlation_id,
        "traceparent": entry.traceparent,
        "reply_topic": entry.reply_to and entry.reply_to.topic,
        "reply_partition": entry.reply_to and entry.reply_to.partition,
        "settlement": settlement_text(entry.settlement),
        "received_at": now,
    }


def entry_from(row: Mapping[str, Any]) -> InboxEntry:
    """The reverse of `entry_row`."""
    topic = row["reply_topic"]
    return InboxEntry(
        consumer=row["consumer"],
        message_id=row["message_id"],
        message_type=row["message_type"],
        fingerprint=row["fingerprint"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
        reply_to=ReplyAddress(topic=topic, partition=row["reply_partition"]) if topic else None,
        settlement=settlement_from(row["settlement"]),
    )
