"""Money on its way between two accounts, and what several postings move together."""

from collections.abc import Sequence

from ledger.domain.account import LARGEST_BALANCE, Account, Entry
from ledger.domain.refusals import SelfTransfer
from ledger.domain.transaction import Posting


def move(
    source: Account, target: Account, amount: int, currency: str, *, pays_out: bool = False
) -> tuple[Entry, Entry]:
    """Money from one account to another of the same currency; both are of a book, to be changed."""
    require_movable(source, target, currency)
    return source.withdraw(amount, pays_out=pays_out), target.deposit(amount)


def require_movable(source: Account, target: Account, currency: str) -> None:
    """Two accounts, and both of that currency."""
    if source is target:
        raise SelfTransfer(source.id)
    source.require_currency(currency)
    target.require_currency(currency)


def total_of(postings: Sequence[Posting]) -> tuple[int | None, str | None]:
    """What they move together, and in which currency.

    None and None when there are several currencies, or when it is more than an amount can be.
    """
    if len(postings) == 1:
        return postings[0].amount, postings[0].currency
    total, currencies = 0, set()
    for posting in postings:
        total += posting.amount
        currencies.add(posting.currency)
    if len(currencies) != 1 or total > LARGEST_BALANCE:
        return None, None
    return total, currencies.pop()
