"""The messages of the benchmarks: the ledger's, as the gateway sends them and as it answers."""

from datetime import UTC, datetime
from uuid import UUID

from contracts.contract import Message
from contracts.ids import new_id
from contracts.ledger import PostTransaction
from contracts.ledger_events import PostedEntry, TransactionPosted
from contracts.ledger_views import TransactionView
from contracts.topics import GATEWAY_OUTCOMES
from messaging.envelope import Envelope, Outgoing, ReplyAddress

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def transfer() -> PostTransaction:
    """A command with a body of about 320 bytes."""
    return PostTransaction(
        transaction_id=new_id(),
        kind="transfer",
        account_id=new_id(),
        to_account_id=new_id(),
        amount=1_250,
        currency="EUR",
        description="Lunch on Tuesday",
        owner_id=new_id(),
    )


def posted(command: PostTransaction) -> TransactionPosted:
    """The event that follows a transfer; about 700 bytes."""
    assert command.to_account_id
    accounts = ((command.account_id, -command.amount), (command.to_account_id, command.amount))
    return TransactionPosted(
        transaction_id=command.transaction_id,
        reference_id="TXN-7C0A91F2B6E4",
        kind=command.kind,
        currency=command.currency,
        amount=command.amount,
        description=command.description,
        entries=[
            PostedEntry(
                account_id=account, owner_id=command.owner_id, amount=amount, balance=0, version=1
            )
            for account, amount in accounts
        ],
    )


def view(command: PostTransaction) -> TransactionView:
    """What the outcome of a transfer shows."""
    return TransactionView(
        id=command.transaction_id,
        type=command.kind,
        status="completed",
        amount="12.50",
        currency=command.currency,
        account_id=command.account_id,
        to_account_id=command.to_account_id,
        reference_id="TXN-7C0A91F2B6E4",
        description=command.description,
        metadata={},
        created_at=datetime.now(UTC),
        ended_at=None,
    )


def request() -> Envelope:
    """What makes the gateway send a command: a request of a person, with a trace."""
    request_id = new_id()
    return Envelope(
        id=request_id,
        type="Request",
        source="gateway",
        subject="main",
        correlation_id=request_id,
        actor=str(new_id()),
        traceparent=TRACEPARENT,
    )


def outgoing(message: Message, *, id: UUID | None = None) -> Outgoing:
    """A command as the gateway's outbox holds it: a trace, an actor and where to answer."""
    cause = request()
    envelope = Envelope(
        id=id or new_id(),
        type=message.type,
        source="gateway",
        subject=message.aggregate_id,
        correlation_id=cause.id,
        causation_id=cause.id,
        actor=cause.actor,
        traceparent=cause.traceparent,
        reply_to=ReplyAddress(topic=GATEWAY_OUTCOMES.name, partition=0),
    )
    return Outgoing(
        topic=message.topic.name,
        key=message.aggregate_id,
        value=message.model_dump_json(),
        headers=envelope.headers(),
    )
