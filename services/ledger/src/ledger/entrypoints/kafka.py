from typing import Final

from contracts.ledger import (
    CancelTransaction,
    CaptureHold,
    ChangeAccount,
    CloseAccount,
    CompleteTransaction,
    ExpireHold,
    OpenAccount,
    PlaceHold,
    PostJournal,
    PostTransaction,
    RefundTransaction,
    ReverseTransaction,
    VoidHold,
)
from contracts.topics import LEDGER_COMMANDS
from ledger.application.cancel_transaction import cancel_transaction
from ledger.application.capture_hold import capture_hold
from ledger.application.change_account import change_account
from ledger.application.close_account import close_account
from ledger.application.complete_transaction import complete_transaction
from ledger.application.expire_hold import expire_hold
from ledger.application.open_account import open_account
from ledger.application.place_hold import place_hold
from ledger.application.post_journal import post_journal
from ledger.application.post_transaction import post_transaction
from ledger.application.refund_transaction import refund_transaction
from ledger.application.reverse_transaction import reverse_transaction
from ledger.application.void_hold import void_hold
from messaging.work import Handlers

TOPICS: Final = (LEDGER_COMMANDS,)

TO_ITSELF: Final = (ExpireHold,)
"""What the ledger sends to its own topic, so that it is decided in order with the rest."""

BATCH: Final = 5_000
"""Commands in one transaction at most: with more, whoever waits waits longer, and little is won."""

HANDLERS: Final[Handlers] = {
    OpenAccount: open_account,
    ChangeAccount: change_account,
    CloseAccount: close_account,
    PostTransaction: post_transaction,
    PostJournal: post_journal,
    CompleteTransaction: complete_transaction,
    CancelTransaction: cancel_transaction,
    ReverseTransaction: reverse_transaction,
    RefundTransaction: refund_transaction,
    PlaceHold: place_hold,
    CaptureHold: capture_hold,
    VoidHold: void_hold,
    ExpireHold: expire_hold,
}
