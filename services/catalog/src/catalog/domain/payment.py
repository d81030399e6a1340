"""The way of an order from placed to its end, step by step with its payment.

Each outcome of the ledger may come twice, late, or after the order was cancelled. What isn't in
`STEPS` changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

OrderStatus = Literal["placed", "confirmed", "cancelled"]
PaymentStatus = Literal["pending", "held", "paid", "released", "refused"]
Happening = Literal["cancel", "held", "not_held", "captured", "not_captured", "voided"]
StockMove = Literal["release", "hand_over"]
Demand = Literal["capture", "void"]
State: TypeAlias = tuple[OrderStatus, PaymentStatus]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where an order goes, and what belongs to going there.

    Reserved stock moves exactly when the order leaves `placed`, so it moves once. `demand` is what
    the ledger is asked to do with the hold.
    """

    status: OrderStatus
    payment_status: PaymentStatus
    stock: StockMove | None = None
    demand: Demand | None = None


STEPS: Final[Mapping[tuple[State, Happening], Step]] = MappingProxyType(
    {
        (("placed", "pending"), "held"): Step(
            status="placed", payment_status="held", demand="capture"
        ),
        (("placed", "pending"), "not_held"): Step(
            status="cancelled", payment_status="refused", stock="release"
        ),
        (("placed", "pending"), "cancel"): Step(
            status="cancelled", payment_status="pending", stock="release"
        ),
        (("placed", "held"), "captured"): Step(
            status="confirmed", payment_status="paid", stock="hand_over"
        ),
        (("placed", "held"), "not_captured"): Step(
            status="cancelled", payment_status="held", stock="release", demand="void"
        ),
        (("cancelled", "pending"), "held"): Step(
            status="cancelled", payment_status="held", demand="void"
        ),
        (("cancelled", "pending"), "not_held"): Step(status="cancelled", payment_status="refused"),
        # A hold that failed by a defect may be placed after all, once the defect is mended.
        (("cancelled", "refused"), "held"): Step(
            status="cancelled", payment_status="held", demand="void"
        ),
        (("cancelled", "held"), "voided"): Step(status="cancelled", payment_status="released"),
    }
)
