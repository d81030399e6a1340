"""The tables of delivery, the same in every SQL store."""

from dataclasses import dataclass

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from storage.columns import BigId, UtcDateTime


@dataclass(frozen=True)
class DeliveryTables:
    """Outbox, inbox, requests, jobs, dead letters, log ends and leases of one store."""

    outbox: Table
    inbox: Table
    requests: Table
    jobs: Table
    dead_letters: Table
    log_ends: Table
    leases: Table


def delivery_tables(metadata: MetaData) -> DeliveryTables:
    """Declare the tables of delivery in a service's own metadata."""
    return DeliveryTables(
        outbox=_outbox(metadata),
        inbox=_inbox(metadata),
        requests=_requests(metadata),
        jobs=_jobs(metadata),
        dead_letters=_dead_letters(metadata),
        log_ends=_log_ends(metadata),
        leases=_leases(metadata),
    )


def _outbox(metadata: MetaData) -> Table:
    unsent = text("sent_at IS NULL")
    return Table(
        "outbox",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("messages", LargeBinary, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("sent_at", UtcDateTime),
        Index("outbox_unsent", "id", postgresql_where=unsent, sqlite_where=unsent),
        Index("outbox_created_at", "created_at"),
        Index("outbox_sent_at", "sent_at"),
    )


def _inbox(metadata: MetaData) -> Table:
    return Table(
        "inbox",
        metadata,
        Column("consumer", String(32), nullable=False),
        Column("message_id", Uuid, nullable=False),
        Column("message_type", String(64), nullable=False),
        Column("fingerprint", String(64), nullable=False),
        Column("correlation_id", Uuid, nullable=False),
        Column("traceparent", String(64)),
        Column("reply_topic", String(128)),
        Column("reply_partition", Integer),
        Column("settlement", Text),
        Column("received_at", UtcDateTime, nullable=False),
        PrimaryKeyConstraint("consumer", "message_id", name="inbox_pkey"),
        Index("inbox_received_at", "received_at"),
    )


def _requests(metadata: MetaData) -> Table:
    return Table(
        "requests",
        metadata,
        Column("command_id", Uuid, primary_key=True),
        Column("message", Text, nullable=False),
        Column("asked", Integer, nullable=False),
        Column("ask_again_at", UtcDateTime, nullable=False),
        Index("requests_ask_again_at", "ask_again_at"),
    )


def _jobs(metadata: MetaData) -> Table:
    return Table(
        "jobs",
        metadata,
        Column("position", BigId, primary_key=True, autoincrement=True),
        Column("id", Uuid, nullable=False, unique=True),
        Column("key", String(128), nullable=False),
        Column("value", Text, nullable=False),
        Column("headers", JSON, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("not_before", UtcDateTime),
        Column("lease", Uuid),
        Column("leased_until", UtcDateTime),
        Column("error", Text),
        Index("jobs_key_position", "key", "position"),
    )


def _dead_letters(metadata: MetaData) -> Table:
    is_open = text("redriven_at IS NULL AND discarded_at IS NULL")
    return Table(
        "dead_letters",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("consumer", String(32), nullable=False),
        Column("topic", String(128), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigId, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", JSON, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("redriven_at", UtcDateTime),
        Column("discarded_at", UtcDateTime),
        Index("dead_letters_open", "id", postgresql_where=is_open, sqlite_where=is_open),
    )


def _log_ends(metadata: MetaData) -> Table:
    return Table(
        "log_ends",
        metadata,
        Column("topic", String(128), primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigId, nullable=False),
        Column("message_id", String(64), nullable=False),
    )


def _leases(metadata: MetaData) -> Table:
    return Table(
        "leases",
        metadata,
        Column("name", String(32), primary_key=True),
        Column("holder", String(64), nullable=False),
        Column("until", UtcDateTime, nullable=False),
    )
