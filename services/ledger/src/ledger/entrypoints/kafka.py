from typing import Final

from contracts.ledger import CaptureHold, OpenAccount, PlaceHold, PostTransaction, VoidHold
from contracts.topics import LEDGER_COMMANDS
from ledger.application.capture_hold import capture_hold
from ledger.application.open_account import open_account
from ledger.application.place_hold import place_hold
from ledger.application.post_transaction import post_transaction
from ledger.application.void_hold import void_hold
from messaging.work import Handlers

TOPICS: Final = (LEDGER_COMMANDS,)

HANDLERS: Final[Handlers] = {
    OpenAccount: open_account,
    PostTransaction: post_transaction,
    PlaceHold: place_hold,
    CaptureHold: capture_hold,
    VoidHold: void_hold,
}
