from contracts.ledger import ExpireHold
from contracts.ledger_views import HoldView
from ledger.application.ports import LedgerWork
from ledger.application.settle_hold import release
from ledger.application.views import hold_view


async def expire_hold(command: ExpireHold, work: LedgerWork) -> HoldView:
    book = work.book(command.book)
    hold = book.hold(command.hold_id)
    hold.expire(at=book.now)
    release(hold, work, "expired")
    return hold_view(hold)
