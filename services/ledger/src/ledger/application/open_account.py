from datetime import UTC, datetime

from contracts.ledger import AccountOpened, AccountView, OpenAccount
from ledger.application.ports import LedgerWork
from ledger.application.views import account_view
from ledger.domain.account import Account


async def open_account(command: OpenAccount, work: LedgerWork) -> AccountView:
    account = Account(
        id=command.account_id,
        owner_id=command.owner_id,
        kind="customer",
        currency=command.currency,
        name=command.name,
        created_at=datetime.now(UTC),
    )
    await work.accounts.add(account)
    work.announce(
        AccountOpened(
            account_id=account.id,
            owner_id=command.owner_id,
            currency=account.currency,
            name=account.name,
        ),
        version=account.version,
    )
    return account_view(account)
