from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from ledger.application.audit import MOST_SHOWN, AuditedAccount, audit
from ledger.application.audit_postings import KnownLink, Posted, RunningAccounts
from ledger.domain.chain import FIRST_LINK
from ledger.domain.changes import Head

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Records:
    """See ledger.application.audit.BookRecords."""

    those: Sequence[AuditedAccount] = ()
    sentences: Sequence[str] = ()
    head = Head(
        name="main", number=0, epoch=1, transactions=0, postings=0, link=FIRST_LINK, last_at=NOW
    )

    async def posted(self) -> AsyncIterator[Sequence[Posted]]:
        nothing: tuple[Sequence[Posted], ...] = ()
        for chunk in nothing:
            yield chunk

    async def accounts(self) -> AsyncIterator[Sequence[AuditedAccount]]:
        yield self.those

    async def contradictions(self) -> AsyncIterator[str]:
        for sentence in self.sentences:
            yield sentence


def account(kind: str, *, held: int = 0, minimum: int | None = 0) -> AuditedAccount:
    return AuditedAccount(
        id=UUID(int=7),
        kind=kind,
        currency="EUR",
        minimum=minimum,
        posted=0,
        held=held,
        version=1,
        open_holds=held,
    )


async def test_an_account_with_less_than_nothing_available_is_found() -> None:
    result = await audit(Records([account("customer", held=5)]))
    assert result.findings.shown == [
        f"account {UUID(int=7)}: -5 is available, less than nothing",
    ]
    result = await audit(Records([account("customer", held=5, minimum=-4)]))
    assert [s.split(": ")[1] for s in result.findings.shown] == [
        "-1 is available, less than nothing"
    ]


async def test_an_overdraft_and_the_houses_own_accounts_may_owe() -> None:
    those = [account("customer", held=5, minimum=-5), account("funding", held=5, minimum=None)]
    assert (await audit(Records(those))).is_sound


async def test_all_findings_are_counted_and_the_first_are_shown() -> None:
    sentences = [f"finding {n}" for n in range(MOST_SHOWN + 1)]
    result = await audit(Records(sentences=sentences))
    assert not result.is_sound
    assert (result.findings.count, result.findings.shown) == (MOST_SHOWN + 1, sentences[:-1])


async def test_before_the_first_posting_there_is_a_link_to_know_too() -> None:
    assert (await audit(Records(), known=KnownLink(0, FIRST_LINK))).is_sound
    assert not (await audit(Records(), known=KnownLink(0, bytes(31) + b"1"))).is_sound
    assert not (await audit(Records(), known=KnownLink(1, FIRST_LINK))).is_sound


def test_of_each_account_the_last_version_and_balance_are_known() -> None:
    one, other, third = uuid4(), uuid4(), uuid4()
    running = RunningAccounts()
    running.put(one, 2, 100)
    running.put(other, 2, -100)
    running.put(one, 5, 2**53 - 1)
    assert (running.get(one), running.get(other)) == ((5, 2**53 - 1), (2, -100))
    assert running.get(third) == (0, 0)
    assert running.take(one) == (5, 2**53 - 1)
    assert list(running.left()) == [other]
