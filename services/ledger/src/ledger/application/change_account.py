from contracts.ledger import ChangeAccount
from contracts.ledger_events import AccountChanged
from contracts.ledger_views import AccountView
from ledger.application.ports import LedgerWork
from ledger.application.views import account_view


async def change_account(command: ChangeAccount, work: LedgerWork) -> AccountView:
    book = work.book(command.book)
    account = book.account(command.account_id, owner_id=command.owner_id)
    if command.expected_version is not None:
        account.require_version(command.expected_version)
    if command.currency is not None:
        account.require_currency(command.currency)
    book.change(account)
    account.change(name=command.name, minimum=command.minimum)
    assert account.owner_id, "a customer's account has an owner"
    work.announce(
        AccountChanged(
            account_id=account.id,
            owner_id=account.owner_id,
            name=account.name,
            minimum=account.minimum or 0,
        ),
        version=account.version,
    )
    return account_view(account)
