"""Events whose JSON is written by hand, for a batch has thousands of them.

A test compares it with what their contract's model would write.
"""

from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from contracts.ledger_events import LedgerEvent
from ledger.domain.account import Entry
from ledger.domain.transaction import Transaction
from messaging.envelope import id_text
from messaging.work import PreparedEvent

quoted: Any = encode_basestring


def posted_event(transaction: Transaction) -> PreparedEvent:
    """TransactionPosted. See contracts.ledger."""
    id_, amount = id_text(transaction.id), transaction.amount
    entries = ",".join([_entry_json(entry) for entry in transaction.entries])
    text = (
        f'{{"type":"TransactionPosted","transaction_id":"{id_}",'
        f'"reference_id":"{transaction.reference_id}","kind":"{transaction.kind}",'
        f'"currency":{optional(transaction.currency)},'
        f'"amount":{"null" if amount is None else amount},'
        f'"description":{quoted(transaction.description)},'
        f'"corrects":{id_or_null(transaction.corrects)},"entries":[{entries}]}}'
    )
    return PreparedEvent(
        topic=LedgerEvent.topic, type="TransactionPosted", aggregate_id=id_, text=text
    )


def _entry_json(entry: Entry) -> str:
    account_id, owner_id, version, amount, balance, written = entry
    account, owner, _bytes = written or (str(account_id), owner_id, b"")
    return (
        f'{{"account_id":"{account}","owner_id":{optional(owner)},"amount":{amount},'
        f'"balance":{balance},"version":{version}}}'
    )


def id_or_null(id: UUID | None) -> str:
    """An id as JSON."""
    return "null" if id is None else f'"{id_text(id)}"'


def optional(value: object) -> str:
    """An id or a code that needs no escapes, or null."""
    return "null" if value is None else f'"{value}"'
