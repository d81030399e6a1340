from contracts.ledger import PlaceHold
from contracts.ledger_events import HoldPlaced
from contracts.ledger_views import HoldView
from ledger.application.ports import LedgerWork
from ledger.application.views import hold_view
from ledger.domain.hold import Hold, require_ahead


async def place_hold(command: PlaceHold, work: LedgerWork) -> HoldView:
    book = work.book(command.book)
    account = book.account(command.account_id, owner_id=command.owner_id)
    account.require_customers()
    account.require_currency(command.currency)
    require_ahead(command.expires_at, at=book.now)
    hold = Hold(
        id=command.hold_id,
        book=command.book,
        account_id=account.id,
        amount=command.amount,
        currency=command.currency,
        description=command.description,
        created_at=book.now,
        expires_at=command.expires_at,
    )
    book.set_aside(hold)
    work.announce(
        HoldPlaced(
            hold_id=hold.id,
            account_id=account.id,
            amount=hold.amount,
            currency=hold.currency,
            expires_at=hold.expires_at,
        ),
        version=hold.version,
    )
    return hold_view(hold)
