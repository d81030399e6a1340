"""What has to be in memory before a batch of commands is decided."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from contracts import ledger as messages
from contracts.contract import Message
from ledger.application.house import house_id
from ledger.domain.hold import Hold
from ledger.domain.transaction import Transaction


@dataclass(slots=True)
class Needs:
    """Ids of one book: what is there of them is to be loaded, and what follows from it."""

    accounts: set[UUID] = field(default_factory=set)
    holds: set[UUID] = field(default_factory=set)
    transactions: set[UUID] = field(default_factory=set)

    def follow(self, holds: Iterable[Hold], transactions: Iterable[Transaction]) -> None:
        """The accounts that these are about."""
        for hold in holds:
            self.accounts |= {hold.account_id, house_id(hold.book, "sales", hold.currency)}
            if hold.target_id is not None:
                self.accounts.add(hold.target_id)
        for transaction in transactions:
            for posting in transaction.postings:
                self.accounts |= {posting.source_id, posting.target_id}


def needs_of(commands: Iterable[Message]) -> dict[str, Needs]:
    """By book: what these commands are about."""
    by_book: dict[str, Needs] = {}
    for command in commands:
        if (tell := _NEEDS.get(type(command))) is None:
            continue
        book: str = command.book  # type: ignore[attr-defined]
        if (needs := by_book.get(book)) is None:
            needs = by_book[book] = Needs()
        tell(command, needs)
    return by_book


def _account(command: Any, needs: Needs) -> None:
    needs.accounts.add(command.account_id)


def _posting(command: messages.PostTransaction, needs: Needs) -> None:
    needs.transactions.add(command.transaction_id)
    needs.accounts.add(command.account_id)
    needs.accounts.add(command.to_account_id or house_id(command.book, "funding", command.currency))
    if command.is_pending:
        needs.holds.add(command.transaction_id)


def _journal(command: messages.PostJournal, needs: Needs) -> None:
    needs.transactions.add(command.transaction_id)
    for posting in command.postings:
        needs.accounts |= {posting.source_id, posting.target_id}


def _pending(command: Any, needs: Needs) -> None:
    needs.transactions.add(command.transaction_id)
    needs.holds.add(command.transaction_id)


def _reversal(command: messages.ReverseTransaction, needs: Needs) -> None:
    needs.transactions |= {command.transaction_id, command.reversed_id}


def _refund(command: messages.RefundTransaction, needs: Needs) -> None:
    needs.transactions |= {command.transaction_id, command.refunded_id}


def _new_hold(command: messages.PlaceHold, needs: Needs) -> None:
    # It may be captured in the same batch.
    needs.accounts |= {command.account_id, house_id(command.book, "sales", command.currency)}
    needs.holds.add(command.hold_id)


def _capture(command: messages.CaptureHold, needs: Needs) -> None:
    # The hold of a pending transaction has that one's id.
    needs.holds.add(command.hold_id)
    needs.transactions |= {command.transaction_id, command.hold_id}


def _hold(command: Any, needs: Needs) -> None:
    needs.holds.add(command.hold_id)
    needs.transactions.add(command.hold_id)


_NEEDS: Final[dict[type[Message], Callable[[Any, Needs], None]]] = {
    messages.OpenAccount: _account,
    messages.ChangeAccount: _account,
    messages.CloseAccount: _account,
    messages.PostTransaction: _posting,
    messages.PostJournal: _journal,
    messages.CompleteTransaction: _pending,
    messages.CancelTransaction: _pending,
    messages.ReverseTransaction: _reversal,
    messages.RefundTransaction: _refund,
    messages.PlaceHold: _new_hold,
    messages.CaptureHold: _capture,
    messages.VoidHold: _hold,
    messages.ExpireHold: _hold,
}
