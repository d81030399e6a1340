from contracts.ledger import CloseAccount
from contracts.ledger_events import AccountClosed
from contracts.ledger_views import AccountView
from ledger.application.ports import LedgerWork
from ledger.application.views import account_view


async def close_account(command: CloseAccount, work: LedgerWork) -> AccountView:
    book = work.book(command.book)
    account = book.account(command.account_id, owner_id=command.owner_id)
    book.change(account)
    account.close()
    assert account.owner_id, "a customer's account has an owner"
    work.announce(
        AccountClosed(account_id=account.id, owner_id=account.owner_id), version=account.version
    )
    return account_view(account)
