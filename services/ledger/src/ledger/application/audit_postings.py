"""The part of an audit that follows the chain: each posting, its link and the balances after it."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger.domain.account import Entry
from ledger.domain.chain import FIRST_LINK, link_of
from ledger.domain.changes import Head
from ledger.domain.moves import total_of
from ledger.domain.transaction import Transaction


class KnownLink(NamedTuple):
    """What an earlier audit has printed: the link at that posting."""

    posting: int
    link: bytes


class AuditedEntry(NamedTuple):
    """An entry as it is stored, and the currency of its account. None: there is no such account."""

    entry: Entry
    currency: str | None
    created_at: datetime


class Posted(NamedTuple):
    """A transaction that has moved money, with its entries. None: its row can't be read."""

    posting: int
    id: UUID
    link: bytes | None
    transaction: Transaction | None
    entries: Sequence[AuditedEntry]


class RunningAccounts:
    """Version and balance of each account as far as entries were seen: some 150 bytes each."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._versions = array("q")
        self._balances = array("q")

    def get(self, account_id: UUID) -> tuple[int, int]:
        """0 and 0 before its first entry."""
        place = self._places.get(account_id.int)
        return (0, 0) if place is None else (self._versions[place], self._balances[place])

    def put(self, account_id: UUID, version: int, balance: int) -> None:
        place = self._places.setdefault(account_id.int, len(self._versions))
        if place == len(self._versions):
            self._versions.append(version)
            self._balances.append(balance)
        else:
            self._versions[place], self._balances[place] = version, balance

    def take(self, account_id: UUID) -> tuple[int, int]:
        """`get`, and from now on it isn't among those that are left."""
        found = self.get(account_id)
        self._places.pop(account_id.int, None)
        return found

    def left(self) -> Iterator[UUID]:
        return (UUID(int=key) for key in self._places)


class PostingsAudit:
    """Sees all that has moved money, in order of `posting`; tells `find` what is wrong.

    After a broken link it goes on from the stored one, so that one fault is one finding.
    """

    def __init__(self, find: Callable[[str], None], known: KnownLink | None = None) -> None:
        self.accounts = RunningAccounts()
        self.count = 0
        self.entries = 0
        self._find = find
        self._known = known
        self._last = 0
        self._link: bytes | None = FIRST_LINK
        self._differences: Counter[str] = Counter()
        self._meet_known(0, FIRST_LINK)

    def see(self, posted: Posted) -> None:
        self.count += 1
        self.entries += len(posted.entries)
        self._check_chain(posted)
        self._check_sums(posted)
        for audited in sorted(posted.entries, key=_version):
            self._check_entry(posted, audited)
        if posted.transaction is not None:
            self._check_statement(posted, posted.transaction)

    def end(self, head: Head) -> None:
        """All has been seen: does it end where the head of the book says?"""
        if self._last != head.postings:
            self._find(f"book: it counts {head.postings} postings, and the last is {self._last}")
        elif self._link != head.link:
            self._find(
                f"book: its link is {head.link.hex()}, and the last posting's {_hex(self._link)}"
            )
        if self._known is not None and self._known.posting > self._last:
            self._find(
                f"posting {self._known.posting}: an earlier audit saw it, and it isn't there"
            )
        for currency, difference in sorted(self._differences.items()):
            if difference:
                self._find(f"trial balance: entries in {currency} sum to {difference}, not to zero")

    def _check_chain(self, posted: Posted) -> None:
        posting, transaction = posted.posting, posted.transaction
        expected = self._last + 1
        if posting < expected:
            self._tell(posted, "has a number that another one has, too")
        elif posting > expected:
            missing = f"posting {expected}" + (
                f" to {posting - 1}" if posting > expected + 1 else ""
            )
            self._find(f"{missing}: missing")
        elif transaction is not None and self._link is not None:
            self._check_link(posted, transaction, self._link)
        if transaction is None:
            self._tell(posted, "can't be read")
        self._meet_known(posting, posted.link)
        self._last, self._link = posting, posted.link

    def _check_link(self, posted: Posted, transaction: Transaction, previous: bytes) -> None:
        if transaction.status != "completed" or transaction.ended_at is None:
            self._tell(posted, f"is {transaction.status}, and has moved money")
            return
        link = link_of(previous, transaction)
        if link != posted.link:
            self._tell(
                posted,
                f"its link is {_hex(posted.link)}, and what is stored of it makes {link.hex()}",
            )

    def _check_sums(self, posted: Posted) -> None:
        sums: dict[str, int] = {}
        for entry, currency, _at in posted.entries:
            sums[currency or "?"] = sums.get(currency or "?", 0) + entry.amount
        for currency, total in sums.items():
            if total:
                self._differences[currency] += total
                self._tell(posted, f"its entries in {currency} sum to {total}, not to zero")
        if not sums:
            self._tell(posted, "has no entries")

    def _check_entry(self, posted: Posted, audited: AuditedEntry) -> None:
        account_id, _owner, version, amount, balance, _written = audited.entry
        last_version, last_balance = self.accounts.get(account_id)
        if version <= last_version:
            self._tell(
                posted, f"version {version} of account {account_id} follows version {last_version}"
            )
        if balance != last_balance + amount:
            self._tell(
                posted,
                f"account {account_id} had {last_balance}, {amount} was added, and the entry says"
                f" {balance}",
            )
        if audited.currency is None:
            self._tell(posted, f"there is no account {account_id}")
        if posted.transaction is not None and audited.created_at != posted.transaction.ended_at:
            self._tell(posted, f"the entry of account {account_id} has another time")
        self.accounts.put(account_id, version, balance)

    def _check_statement(self, posted: Posted, transaction: Transaction) -> None:
        """The accounts and amounts that it shows are no part of its link, its entries are."""
        said = [
            (account_id.int, amount, posting.currency)
            for posting in transaction.postings
            for account_id, amount in (
                (posting.source_id, -posting.amount),
                (posting.target_id, posting.amount),
            )
        ]
        entered = [
            (e.account_id.int, e.amount, currency or "") for e, currency, _ in posted.entries
        ]
        total = total_of(transaction.postings)
        if sorted(said) != sorted(entered) or total != (transaction.amount, transaction.currency):
            self._tell(posted, "shows other accounts or amounts than its entries")

    def _meet_known(self, posting: int, link: bytes | None) -> None:
        known = self._known
        if known is not None and known.posting == posting and known.link != link:
            self._find(
                f"posting {posting}: its link is {_hex(link)}, and an earlier audit saw"
                f" {known.link.hex()}: what was posted up to there has been rewritten"
            )

    def _tell(self, posted: Posted, fault: str) -> None:
        self._find(f"posting {posted.posting}, transaction {posted.id}: {fault}")


def _version(audited: AuditedEntry) -> int:
    return audited.entry.version


def _hex(link: bytes | None) -> str:
    return "missing" if link is None else link.hex()
