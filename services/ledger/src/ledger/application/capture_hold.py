from datetime import UTC, datetime

from contracts.ledger import CaptureHold, HoldCaptured, TransactionView
from ledger.application.ports import LedgerWork
from ledger.application.post_transaction import save_posted
from ledger.application.views import transaction_view


async def capture_hold(command: CaptureHold, work: LedgerWork) -> TransactionView:
    hold = await work.holds.get(command.hold_id)
    source = await work.accounts.get(hold.account_id)
    if command.currency is not None:
        source.require_currency(command.currency)
    target = await work.accounts.house("sales", hold.currency)
    transaction = hold.capture(
        transaction_id=command.transaction_id,
        amount=command.amount,
        source=source,
        target=target,
        description=command.description,
        at=datetime.now(UTC),
    )
    await work.holds.save(hold)
    await save_posted(transaction, source, target, work)
    work.announce(
        HoldCaptured(
            hold_id=hold.id,
            account_id=hold.account_id,
            transaction_id=transaction.id,
            captured=hold.captured,
            currency=hold.currency,
        ),
        version=hold.version,
    )
    return transaction_view(transaction)
