from contracts.ledger import HoldView, HoldVoided, VoidHold
from ledger.application.ports import LedgerWork
from ledger.application.views import hold_view


async def void_hold(command: VoidHold, work: LedgerWork) -> HoldView:
    hold = await work.holds.get(command.hold_id)
    account = await work.accounts.get(hold.account_id)
    hold.void(account)
    await work.holds.save(hold)
    await work.accounts.save(account)
    work.announce(
        HoldVoided(hold_id=hold.id, account_id=account.id),
        version=hold.version,
    )
    return hold_view(hold)
