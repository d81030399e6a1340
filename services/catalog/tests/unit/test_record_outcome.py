import pytest
from services.catalog.tests.unit.conftest import MakeProduct
from services.catalog.tests.unit.memory import MemoryCatalog
from services.catalog.tests.unit.ordering import CUSTOMER, NO_FUNDS, answer, asked, place

from catalog.application.record_outcome import record_outcome
from catalog.application.views import order_view
from catalog.domain.product import Product
from contracts.catalog import OrderCancelled, OrderConfirmed, OrderPaymentChanged
from contracts.gateway import Outcome, OutcomeState
from contracts.ids import derived_id, new_id
from contracts.ledger import CaptureHold, VoidHold
from contracts.problems import Problem
from messaging.work import Settlement

NOT_OPEN = Problem(type="/problems/hold-not-open", title="The hold has ended", status=409)


@pytest.fixture
def mug(make_product: MakeProduct) -> Product:
    return make_product(on_hand=10)


def stock(catalog: MemoryCatalog, product: Product) -> tuple[int, int]:
    stored = catalog.products[product.id]
    return stored.on_hand, stored.reserved


async def test_money_that_is_held_is_captured(catalog: MemoryCatalog, mug: Product) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")

    assert asked(catalog, "CaptureHold") == (
        derived_id(order.id, "capture-hold"),
        CaptureHold(
            hold_id=derived_id(order.id, "hold"), transaction_id=derived_id(order.id, "transaction")
        ),
    )
    held = OrderPaymentChanged(order_id=order.id, customer_id=CUSTOMER, payment_status="held")
    assert catalog.announced[-1] == (held, 2)
    assert not catalog.settled


async def test_a_paid_order_is_confirmed_and_its_stock_leaves_the_shelf(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    await answer(catalog, "CaptureHold")

    order = catalog.orders[order.id]
    transaction_id = derived_id(order.id, "transaction")
    assert (order.status, order.payment_status) == ("confirmed", "paid")
    assert order.transaction_id == transaction_id
    assert stock(catalog, mug) == (8, 0)
    assert catalog.settled == [(order.placed_by, Settlement.succeeded(order_view(order)))]
    confirmed = OrderConfirmed(
        order_id=order.id, customer_id=CUSTOMER, transaction_id=transaction_id
    )
    assert catalog.announced[-1] == (confirmed, 3)
    assert catalog.types()[-2:] == ["StockChanged", "OrderConfirmed"]


async def test_without_money_the_order_is_cancelled_with_the_ledgers_own_problem(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold", NO_FUNDS)

    cancelled = OrderCancelled(order_id=order.id, customer_id=CUSTOMER, reason="insufficient-funds")
    assert catalog.announced[-1] == (cancelled, 2)
    assert catalog.orders[order.id].payment_status == "refused"
    assert stock(catalog, mug) == (10, 0)
    assert catalog.settled == [(order.placed_by, Settlement.refused(NO_FUNDS))]
    assert len(catalog.asked) == 1


async def test_a_defect_of_the_ledger_is_not_shown_as_a_rule_of_the_shop(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 1))
    command_id, _command = asked(catalog, "PlaceHold")
    failed = Outcome(command_id=command_id, command="PlaceHold", state="failed", problem=NO_FUNDS)
    await catalog.handle(record_outcome, failed)

    [(settled_id, settlement)] = catalog.settled
    assert settlement.problem
    assert (settled_id, settlement.problem.status) == (order.placed_by, 500)
    assert catalog.orders[order.id].cancel_reason == "payment-failed"


@pytest.mark.parametrize("state", ["refused", "failed"])
async def test_a_hold_that_is_not_captured_is_given_back(
    catalog: MemoryCatalog, mug: Product, state: OutcomeState
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    command_id, _command = asked(catalog, "CaptureHold")
    refused = Outcome(command_id=command_id, command="CaptureHold", state=state, problem=NOT_OPEN)
    await catalog.handle(record_outcome, refused)

    assert asked(catalog, "VoidHold") == (
        derived_id(order.id, "void-hold"),
        VoidHold(hold_id=derived_id(order.id, "hold")),
    )
    assert catalog.orders[order.id].status == "cancelled"
    assert stock(catalog, mug) == (10, 0)
    assert len(catalog.settled) == 1

    await answer(catalog, "VoidHold")
    assert catalog.orders[order.id].payment_status == "released"
    assert not catalog.unanswered


@pytest.mark.parametrize(
    ("hold_status", "payment_status"), [("voided", "released"), ("captured", "held")]
)
async def test_a_hold_that_staff_have_ended_is_given_back_only_if_it_was_voided(
    catalog: MemoryCatalog, mug: Product, hold_status: str, payment_status: str
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    not_open = Problem.model_validate(NOT_OPEN.model_dump() | {"hold_status": hold_status})
    await answer(catalog, "CaptureHold", not_open)
    await answer(catalog, "VoidHold", not_open)

    assert catalog.orders[order.id].payment_status == payment_status
    assert not catalog.unanswered


@pytest.mark.parametrize("type", ["PlaceHold", "CaptureHold"])
async def test_an_outcome_that_comes_twice_counts_once(
    catalog: MemoryCatalog, mug: Product, type: str
) -> None:
    await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    await answer(catalog, "CaptureHold")
    orders, announced = dict(catalog.orders), list(catalog.announced)

    await answer(catalog, type)
    assert (catalog.orders, catalog.announced) == (orders, announced)
    assert stock(catalog, mug) == (8, 0)
    assert len(catalog.settled) == 1


async def test_a_late_no_does_not_undo_a_confirmed_order(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    await answer(catalog, "CaptureHold")
    await answer(catalog, "CaptureHold", NOT_OPEN)
    assert catalog.orders[order.id].status == "confirmed"


async def test_the_outcome_of_something_else_changes_nothing_and_is_not_waited_for(
    catalog: MemoryCatalog, mug: Product
) -> None:
    await place(catalog, (mug.id, 2))
    orders = dict(catalog.orders)
    await catalog.handle(
        record_outcome, Outcome(command_id=new_id(), command="PlaceHold", state="succeeded")
    )
    assert catalog.orders == orders
