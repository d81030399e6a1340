from contracts.ledger import VoidHold
from contracts.ledger_views import HoldView
from ledger.application.ports import LedgerWork
from ledger.application.settle_hold import release
from ledger.application.views import hold_view


async def void_hold(command: VoidHold, work: LedgerWork) -> HoldView:
    hold = work.book(command.book).hold(command.hold_id)
    hold.void()
    release(hold, work, "cancelled")
    return hold_view(hold)
