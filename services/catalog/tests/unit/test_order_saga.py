"""Whatever comes in whatever sequence, an order ends, once, and everything is where it belongs."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from services.catalog.tests.unit.memory import MemoryCatalog
from services.catalog.tests.unit.ordering import CUSTOMER, place
from services.catalog.tests.unit.test_product import a_product

from catalog.application.cancel_order import cancel_order
from catalog.application.record_outcome import record_outcome
from catalog.domain.refusals import OrderBeingPaid, OrderIsCancelled, OrderPaid
from contracts.catalog import CancelOrder
from contracts.contract import Command
from contracts.gateway import Outcome, OutcomeState
from contracts.problems import ProblemType

NO = ProblemType("insufficient-funds", 422, "Not enough money")


@dataclass
class MemoryLedger:
    """One hold, and the stored outcome of each command it has been sent."""

    says: dict[str, OutcomeState]
    hold: Literal["none", "held", "captured", "voided"] = "none"
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)

    def outcome_of(self, command_id: UUID, command: Command) -> Outcome:
        """The first time by handling it, later by repeating what was said."""
        if command_id not in self.outcomes:
            state = self._handle(command.type)
            self.outcomes[command_id] = Outcome(
                command_id=command_id,
                command=command.type,
                state=state,
                problem=None if state == "succeeded" else NO.problem(),
            )
        return self.outcomes[command_id]

    def _handle(self, type: str) -> OutcomeState:
        before, after = {
            "PlaceHold": ("none", "held"),
            "CaptureHold": ("held", "captured"),
            "VoidHold": ("held", "voided"),
        }[type]
        assert self.hold == before, "the saga asks only for what is possible"
        state = self.says.get(type, "succeeded")
        if state == "succeeded":
            self.hold = after  # type: ignore[assignment]
        return state


async def cancel(catalog: MemoryCatalog, order_id: UUID) -> None:
    with suppress(OrderBeingPaid, OrderPaid, OrderIsCancelled):
        await catalog.handle(cancel_order, CancelOrder(order_id=order_id, customer_id=CUSTOMER))


STATES = st.sampled_from(["succeeded", "refused", "failed"])


@settings(deadline=None)
@given(
    says=st.fixed_dictionaries({"PlaceHold": STATES, "CaptureHold": STATES}),
    schedule=st.lists(st.integers(0, 3), max_size=12),
)
async def test_every_order_ends_once_with_its_stock_and_its_money_where_they_belong(
    says: dict[str, OutcomeState], schedule: list[int]
) -> None:
    mug = a_product(on_hand=10)
    catalog, ledger = MemoryCatalog(products={mug.id: mug}), MemoryLedger(says)
    order = await place(catalog, (mug.id, 3))

    for choice in schedule:
        sent = list(catalog.asked.items())
        if choice < len(sent):
            await catalog.handle(record_outcome, ledger.outcome_of(*sent[choice]))
        else:
            await cancel(catalog, order.id)
    while catalog.unanswered:
        command_id = min(catalog.unanswered)
        outcome = ledger.outcome_of(command_id, catalog.asked[command_id])
        await catalog.handle(record_outcome, outcome)

    order, mug = catalog.orders[order.id], catalog.products[mug.id]
    paid = order.status == "confirmed"
    assert order.status in {"confirmed", "cancelled"}
    assert (mug.on_hand, mug.reserved) == (7 if paid else 10, 0)
    assert ledger.hold in ({"captured"} if paid else {"none", "voided"})
    assert order.payment_status == {
        "captured": "paid", "none": "refused", "voided": "released"
    }[ledger.hold]  # fmt: skip
    assert [command_id for command_id, _answer in catalog.settled] == [order.placed_by]
    assert announced_versions(catalog, order.id) == list(range(1, order.version + 1))
    assert announced_versions(catalog, mug.id) == list(range(2, mug.version + 1))


def announced_versions(catalog: MemoryCatalog, id: UUID) -> list[int]:
    return [version for event, version in catalog.announced if event.aggregate_id == str(id)]
