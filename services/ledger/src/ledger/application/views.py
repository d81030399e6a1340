"""From the domain to what clients see: minor units become decimal text here."""

import json
from datetime import datetime
from functools import lru_cache

from contracts.ledger_views import AccountView, HoldView, PostingView, TransactionView
from contracts.money import to_decimal_text
from ledger.application.events import id_or_null, optional, quoted
from ledger.domain.account import Account
from ledger.domain.hold import Hold
from ledger.domain.transaction import Posting, Transaction
from messaging.envelope import id_text
from messaging.work import JsonText

_plain_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def account_view(account: Account) -> AccountView:
    currency, minimum = account.currency, account.minimum
    return AccountView(
        id=account.id,
        version=account.version,
        created_at=account.created_at,
        book=account.book,
        owner_id=account.owner_id,
        name=account.name,
        kind=account.kind,
        currency=currency,
        balance=to_decimal_text(account.posted, currency),
        held=to_decimal_text(account.held, currency),
        available=to_decimal_text(account.available, currency),
        minimum_balance=None if minimum is None else to_decimal_text(minimum, currency),
        is_closed=account.is_closed,
    )


def transaction_view(transaction: Transaction) -> TransactionView:
    """Of a transaction that has just been decided, or of a stored one."""
    currency = transaction.currency
    return TransactionView(
        id=transaction.id,
        type=transaction.kind,
        status=transaction.status,
        amount=_amount_text(transaction.amount, currency),
        currency=currency,
        account_id=transaction.account_id,
        to_account_id=transaction.to_account_id,
        reference_id=transaction.reference_id,
        description=transaction.description,
        metadata=dict(transaction.metadata),
        created_at=transaction.created_at,
        ended_at=transaction.ended_at,
        corrects=transaction.corrects,
        refunded=_amount_text(transaction.refunded or None, currency),
        is_reversed=transaction.is_reversed,
        failure=failure_of(transaction),
        postings=[_posting_view(posting) for posting in _several(transaction)],
    )


def transaction_json(transaction: Transaction) -> JsonText:
    """The same as JSON, written by hand; a test compares the two."""
    if transaction.failure or len(transaction.postings) != 1:
        return JsonText(text=transaction_view(transaction).model_dump_json())
    currency = transaction.currency
    amount, refunded = transaction.amount, transaction.refunded
    assert amount is not None, "only a journal has several currencies"
    assert currency is not None, "only a journal has several currencies"
    return JsonText(
        text=f'{{"id":"{id_text(transaction.id)}","type":"{transaction.kind}",'
        f'"status":"{transaction.status}","amount":"{to_decimal_text(amount, currency)}",'
        f'"currency":"{currency}",{_accounts_json(transaction)},'
        f'"reference_id":"{transaction.reference_id}",'
        f'"description":{quoted(transaction.description)},'
        f'"metadata":{_plain_json(dict(transaction.metadata)) if transaction.metadata else "{}"},'
        f'"created_at":"{_moment(transaction.created_at)}",'
        f'"ended_at":{optional(_moment(transaction.ended_at))},'
        f'"corrects":{id_or_null(transaction.corrects)},'
        f'"refunded":{optional(to_decimal_text(refunded, currency) if refunded else None)},'
        f'"is_reversed":{"true" if transaction.is_reversed else "false"},'
        f'"failure":null,"postings":[]}}'
    )


def _accounts_json(transaction: Transaction) -> str:
    """Of a transaction with one posting: as `account_id` and `to_account_id` would say it."""
    entries, kind = transaction.entries, transaction.kind
    if len(entries) != 2 or entries[0].written is None or entries[1].written is None:
        account, other = transaction.account_id, transaction.to_account_id
        return f'"account_id":{id_or_null(account)},"to_account_id":{id_or_null(other)}'
    source, target = entries[0].written.account_id, entries[1].written.account_id
    if kind == "credit":
        return f'"account_id":"{target}","to_account_id":null'
    if kind == "debit":
        return f'"account_id":"{source}","to_account_id":null'
    return f'"account_id":"{source}","to_account_id":"{target}"'


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        version=hold.version,
        created_at=hold.created_at,
        account_id=hold.account_id,
        amount=to_decimal_text(hold.amount, hold.currency),
        captured=to_decimal_text(hold.captured, hold.currency),
        currency=hold.currency,
        status=hold.status,
        description=hold.description,
        expires_at=hold.expires_at,
        transaction_id=hold.transaction_id,
    )


def failure_of(transaction: Transaction) -> str | None:
    """Why it was refused: the slug of the problem, like `insufficient-funds`."""
    if transaction.failure is None:
        return None
    problem_type: str = json.loads(transaction.failure)["type"]
    return problem_type.removeprefix("/problems/")


def _several(transaction: Transaction) -> tuple[Posting, ...]:
    return transaction.postings if len(transaction.postings) > 1 else ()


def _posting_view(posting: Posting) -> PostingView:
    return PostingView(
        source_id=posting.source_id,
        target_id=posting.target_id,
        amount=to_decimal_text(posting.amount, posting.currency),
        currency=posting.currency,
    )


def _amount_text(amount: int | None, currency: str | None) -> str | None:
    return None if amount is None or currency is None else to_decimal_text(amount, currency)


@lru_cache(maxsize=16)
def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
