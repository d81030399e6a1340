from datetime import UTC, datetime

from contracts.ledger import HoldPlaced, HoldView, PlaceHold
from ledger.application.ports import LedgerWork
from ledger.application.views import hold_view
from ledger.domain.hold import place_on


async def place_hold(command: PlaceHold, work: LedgerWork) -> HoldView:
    account = await work.accounts.get(command.account_id, owner_id=command.owner_id)
    hold = place_on(
        account,
        id=command.hold_id,
        amount=command.amount,
        currency=command.currency,
        description=command.description,
        at=datetime.now(UTC),
    )
    await work.holds.add(hold)
    await work.accounts.save(account)
    work.announce(
        HoldPlaced(
            hold_id=hold.id, account_id=account.id, amount=hold.amount, currency=hold.currency
        ),
        version=hold.version,
    )
    return hold_view(hold)
