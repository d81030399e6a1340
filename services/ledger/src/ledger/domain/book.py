from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ledger.domain.account import Account, AccountKind, Entry
from ledger.domain.chain import link_of
from ledger.domain.changes import Changes, Head
from ledger.domain.hold import Hold
from ledger.domain.moves import move, total_of
from ledger.domain.reference import reference_of
from ledger.domain.refusals import (
    AccountNotFound,
    AlreadyExists,
    HoldNotFound,
    TransactionNotFound,
)
from ledger.domain.transaction import Posting, Transaction, TransactionKind, TransactionStatus

_NOTHING: Final[Mapping[str, str]] = {}


class Book:
    """The unit of ordering: accounts, holds and transactions as far as they are in memory.

    Whoever decides has loaded what the decision is about; what isn't here doesn't exist, and what
    is another book's is only here so that its id isn't taken twice, and nor are those of the books
    `beside` it, which are decided in the same batch. Each decision ends with either `keep` or
    `undo`, and when it is undone the book is as it was. `changes` is what the store has to write
    when it is sealed; `committed` forgets what needn't be remembered.
    """

    def __init__(self, head: Head) -> None:
        self.head = head
        self.now = head.last_at
        self.changes = Changes()
        self.accounts: dict[UUID, Account] = {}
        self.holds: dict[UUID, Hold] = {}
        self.transactions: dict[UUID, Transaction] = {}
        self.beside: Sequence[Book] = ()
        self._touched: list[tuple[Account, int, int, int]] = []
        self._copies: list[tuple[Any, Any]] = []
        self._added: list[tuple[dict[UUID, Any], UUID]] = []
        self._begin()

    def tell_time(self, now: datetime) -> None:
        """What is decided from now on has this time, or the last one when a clock was set back."""
        self.now = self.head.last_at = max(now, self.head.last_at)

    def _begin(self) -> None:
        head, changes = self.head, self.changes
        self._counted = (head.transactions, head.postings)
        self._listed = (
            len(changes.new_accounts), len(changes.new_transactions), len(changes.posted)
        )  # fmt: skip

    def keep(self) -> None:
        changed = self.changes.accounts
        for account, _posted, _held, version in self._touched:
            if account.version != version and not account.is_changed:
                account.is_changed = True
                changed.append(account)
        self._close()

    def undo(self) -> None:
        head, changes = self.head, self.changes
        head.transactions, head.postings = self._counted
        for account, posted, held, version in reversed(self._touched):
            account.posted, account.held, account.version = posted, held, version
        for changed, was in reversed(self._copies):
            for member in fields(changed):
                setattr(changed, member.name, getattr(was, member.name))
        for where, id_ in reversed(self._added):
            del where[id_]
        accounts, transactions, posted_before = self._listed
        for account in changes.new_accounts[accounts:]:
            del self.accounts[account.id]
        for transaction in changes.new_transactions[transactions:]:
            del self.transactions[transaction.id]
        del changes.new_accounts[accounts:]
        del changes.new_transactions[transactions:]
        del changes.posted[posted_before:]
        self._close()

    def seal(self) -> None:
        """Link what was kept since: before it is written, and no decision rests on a link."""
        head = self.head
        for transaction in self.changes.posted:
            if transaction.link is None:
                transaction.link = head.link = link_of(head.link, transaction)

    def hand_over(self) -> tuple[list[Transaction], list[Transaction]]:
        """What has been kept and may be written before the end: new transactions, and those that
        have moved money, whose entries are new. Each is handed over once.

        From now on a new one is a stored one: whatever changes it is among the changes.
        """
        self.seal()
        new, posted = self.changes.new_transactions, self.changes.posted
        self.changes.new_transactions, self.changes.posted = [], []
        for transaction in new:
            transaction.is_new = False
        self._begin()
        return new, posted

    def committed(self, *, most_accounts: int) -> None:
        """All changes are stored. Of the accounts, at most so many stay in memory."""
        for account in (*self.changes.new_accounts, *self.changes.accounts):
            account.is_changed = False
        self.changes = Changes()
        self.holds.clear()
        self.transactions.clear()
        if len(self.accounts) > most_accounts:
            self.accounts.clear()
        self._begin()

    def account(self, account_id: UUID, *, owner_id: UUID | None = None) -> Account:
        """Raises AccountNotFound, also when an owner is given and it is somebody else's."""
        account = self.accounts.get(account_id)
        if account is None or account.book != self.head.name:
            raise AccountNotFound(account_id)
        if owner_id is not None:
            account.require_owner(owner_id)
        self._touched.append((account, account.posted, account.held, account.version))
        return account

    def house(self, account_id: UUID, kind: AccountKind, currency: str) -> Account:
        """The organisation's own account of that kind and currency, opened when first needed."""
        if account_id not in self.accounts:
            self.open(
                Account(
                    id=account_id,
                    book=self.head.name,
                    owner_id=None,
                    kind=kind,
                    currency=currency,
                    name=kind,
                    created_at=self.now,
                    minimum=None,
                )
            )
        return self.account(account_id)

    def hold(self, hold_id: UUID) -> Hold:
        """To be changed. Raises HoldNotFound."""
        hold = self.holds.get(hold_id)
        if hold is None or hold.book != self.head.name:
            raise HoldNotFound(hold_id)
        self._copies.append((hold, copy(hold)))
        if hold_id not in self.changes.new_holds:
            self._add(self.changes.holds, hold_id, hold)
        return hold

    def transaction(self, transaction_id: UUID) -> Transaction:
        """To be changed. Raises TransactionNotFound."""
        transaction = self.transactions.get(transaction_id)
        if transaction is None or transaction.book != self.head.name:
            raise TransactionNotFound(transaction_id)
        self._copies.append((transaction, copy(transaction)))
        if not transaction.is_new:
            self._add(self.changes.transactions, transaction_id, transaction)
        return transaction

    def is_taken(self, transaction_id: UUID) -> bool:
        """Is there a transaction with that id, in whatever book?"""
        if transaction_id in self.transactions:
            return True
        # Most deployments have one book.
        return bool(self.beside) and any(transaction_id in one.transactions for one in self.beside)

    def open(self, account: Account) -> None:
        """Raises AlreadyExists."""
        if account.id in self.accounts or any(account.id in one.accounts for one in self.beside):
            raise AlreadyExists("account", account.id)
        account.is_changed = True
        self.accounts[account.id] = account
        self.changes.new_accounts.append(account)

    def change(self, account: Account) -> None:
        """The account is about to get another name, another minimum or its end."""
        self._copies.append((account, copy(account)))
        self._add(self.changes.details, account.id, account)

    def set_aside(self, hold: Hold) -> None:
        """Raises AlreadyExists, and what the account has against it."""
        if hold.id in self.holds or any(hold.id in one.holds for one in self.beside):
            raise AlreadyExists("hold", hold.id)
        self.account(hold.account_id).hold(hold.amount)
        self._add(self.holds, hold.id, hold)
        self._add(self.changes.new_holds, hold.id, hold)

    def transfer(self, posting: Posting) -> tuple[Entry, Entry]:
        """`move` between the accounts that the posting names."""
        source, target = self.account(posting.source_id), self.account(posting.target_id)
        return move(source, target, posting.amount, posting.currency)

    def add_transaction(
        self,
        transaction_id: UUID,
        kind: TransactionKind,
        status: TransactionStatus,
        postings: tuple[Posting, ...],
        *,
        description: str = "",
        metadata: Mapping[str, str] = _NOTHING,
        corrects: UUID | None = None,
        asked_by: UUID | None = None,
    ) -> Transaction:
        """A transaction with the next number. Raises AlreadyExists."""
        if self.is_taken(transaction_id):
            raise AlreadyExists("transaction", transaction_id)
        head = self.head
        head.transactions += 1
        amount, currency = total_of(postings)
        transaction = Transaction(
            id=transaction_id,
            book=head.name,
            number=head.transactions,
            reference_id=reference_of(head.number, head.transactions),
            kind=kind,
            status=status,
            amount=amount,
            currency=currency,
            postings=postings,
            description=description,
            metadata=metadata,
            created_at=self.now,
            corrects=corrects,
            asked_by=asked_by,
            is_new=True,
        )
        self.transactions[transaction_id] = transaction
        self.changes.new_transactions.append(transaction)
        return transaction

    def add_posted(
        self,
        transaction_id: UUID,
        kind: TransactionKind,
        posting: Posting,
        entries: tuple[Entry, Entry],
        *,
        description: str,
        metadata: Mapping[str, str],
        asked_by: UUID | None,
    ) -> Transaction:
        """`add_transaction` of one posting and `post` at once: most transactions are so."""
        if self.is_taken(transaction_id):
            raise AlreadyExists("transaction", transaction_id)
        head, now = self.head, self.now
        head.transactions = number = head.transactions + 1
        head.postings = counted = head.postings + 1
        transaction = Transaction(
            id=transaction_id,
            book=head.name,
            number=number,
            reference_id=reference_of(head.number, number),
            kind=kind,
            status="completed",
            amount=posting.amount,
            currency=posting.currency,
            postings=(posting,),
            description=description,
            metadata=metadata,
            created_at=now,
            ended_at=now,
            asked_by=asked_by,
            entries=entries,
            posting=counted,
            is_new=True,
        )
        self.transactions[transaction_id] = transaction
        self.changes.new_transactions.append(transaction)
        self.changes.posted.append(transaction)
        return transaction

    def post(self, transaction: Transaction, entries: tuple[Entry, ...]) -> None:
        """The transaction has moved money: it will be the next link of the chain."""
        assert sum([entry.amount for entry in entries]) == 0, "money is neither made nor lost"
        head = self.head
        head.postings += 1
        transaction.status = "completed"
        transaction.ended_at = self.now
        transaction.entries = entries
        transaction.posting = head.postings
        self.changes.posted.append(transaction)

    def _add(self, where: dict[UUID, Any], id: UUID, value: Any) -> None:
        if id not in where:
            where[id] = value
            self._added.append((where, id))

    def _close(self) -> None:
        self._begin()
        self._touched.clear()
        if self._copies or self._added:
            self._copies.clear()
            self._added.clear()
