from contracts.ledger import OpenAccount
from contracts.ledger_events import AccountOpened
from contracts.ledger_views import AccountView
from ledger.application.house import HOUSE, house_id
from ledger.application.ports import LedgerWork
from ledger.application.views import account_view
from ledger.domain.account import Account
from ledger.domain.refusals import AlreadyExists


async def open_account(command: OpenAccount, work: LedgerWork) -> AccountView:
    book = work.book(command.book)
    account = Account(
        id=command.account_id,
        book=command.book,
        owner_id=command.owner_id,
        kind="customer",
        currency=command.currency,
        name=command.name,
        created_at=book.now,
    )
    if account.id in (house_id(command.book, kind, command.currency) for kind in HOUSE):
        raise AlreadyExists("account", account.id)
    book.open(account)
    if command.minimum:
        account.require_room_for(command.minimum)
        account.minimum = command.minimum
    work.announce(
        AccountOpened(
            account_id=account.id,
            owner_id=command.owner_id,
            currency=account.currency,
            name=account.name,
            minimum=command.minimum,
        ),
        version=account.version,
    )
    return account_view(account)
