"""Does a book still say what it has said? Everything in it is read and reckoned up once more."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from ledger.application.audit_postings import KnownLink, Posted, PostingsAudit
from ledger.domain.changes import Head

MOST_SHOWN: Final = 100


class AuditedAccount(NamedTuple):
    """An account as it is stored, and the sum of its open holds."""

    id: UUID
    kind: str
    currency: str
    minimum: int | None
    posted: int
    held: int
    version: int
    open_holds: int


class BookRecords(Protocol):
    """A book as it was at one moment, however long it takes to read it."""

    @property
    def head(self) -> Head: ...

    def posted(self) -> AsyncIterator[Sequence[Posted]]:
        """All that has moved money, in order of `posting`, in chunks."""

    def accounts(self) -> AsyncIterator[Sequence[AuditedAccount]]:
        """All accounts of the book, in chunks."""

    def contradictions(self) -> AsyncIterator[str]:
        """A sentence for each row that contradicts others and isn't met in those two passes."""


class Records(Protocol):
    def of(self, book: str) -> AbstractAsyncContextManager[BookRecords | None]:
        """The book at this moment. None: there is no such book."""


@dataclass
class Findings:
    """What is wrong: how many things, and the first of them."""

    count: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        self.count += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(sentence)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was read and found. `link` is that of the last posting, as the book's head has it."""

    book: str
    postings: int
    entries: int
    findings: Findings
    link: bytes

    @property
    def is_sound(self) -> bool:
        return self.findings.count == 0


async def audit(records: BookRecords, *, known: KnownLink | None = None) -> Audit:
    """Read all of a book. `known` is what an earlier audit has found sound."""
    findings = Findings()
    postings = PostingsAudit(findings.add, known)
    async for chunk in records.posted():
        for posted in chunk:
            postings.see(posted)
    head = records.head
    postings.end(head)
    await _check_accounts(records, postings, findings)
    async for sentence in records.contradictions():
        findings.add(sentence)
    return Audit(
        book=head.name,
        postings=postings.count,
        entries=postings.entries,
        findings=findings,
        link=head.link,
    )


async def _check_accounts(
    records: BookRecords, postings: PostingsAudit, findings: Findings
) -> None:
    totals: Counter[str] = Counter()
    async for chunk in records.accounts():
        for account in chunk:
            totals[account.currency] += account.posted
            version, balance = postings.accounts.take(account.id)
            for sentence in _faults(account, version, balance):
                findings.add(f"account {account.id}: {sentence}")
    for account_id in postings.accounts.left():
        findings.add(f"account {account_id}: has entries in this book and isn't in it")
    for currency, total in sorted(totals.items()):
        if total:
            findings.add(f"trial balance: the balances in {currency} sum to {total}, not to zero")


def _faults(account: AuditedAccount, version: int, balance: int) -> list[str]:
    """`version` and `balance` are those of its last entry, 0 and 0 without one."""
    faults = []
    if account.posted != balance:
        faults.append(f"its balance is {account.posted}, and {balance} after its last entry")
    if account.version < version:
        faults.append(f"its version is {account.version}, and {version} after its last entry")
    if account.held != account.open_holds:
        faults.append(f"{account.held} is held, and its open holds sum to {account.open_holds}")
    available = account.posted - account.held - (account.minimum or 0)
    if account.kind == "customer" and available < 0:
        faults.append(f"{available} is available, less than nothing")
    return faults
