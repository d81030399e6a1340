import pytest
from services.catalog.tests.unit.conftest import MakeProduct
from services.catalog.tests.unit.memory import MemoryCatalog
from services.catalog.tests.unit.ordering import CUSTOMER, NO_FUNDS, answer, asked, place

from catalog.application.cancel_order import cancel_order
from catalog.domain.product import Product
from catalog.domain.refusals import OrderBeingPaid, OrderIsCancelled, OrderNotFound, OrderPaid
from contracts.catalog import CancelOrder, OrderCancelled
from contracts.ids import derived_id, new_id
from contracts.ledger import VoidHold


@pytest.fixture
def mug(make_product: MakeProduct) -> Product:
    return make_product(on_hand=10)


async def test_a_cancelled_order_frees_its_stock_and_answers_whoever_placed_it(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    view = await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))

    assert (view.status, view.payment_status) == ("cancelled", "pending")
    assert view.cancel_reason == "cancelled-by-customer"
    assert catalog.products[mug.id].reserved == 0
    cancelled = OrderCancelled(
        order_id=order.id, customer_id=CUSTOMER, reason="cancelled-by-customer"
    )
    assert catalog.announced[-1] == (cancelled, 2)
    [(settled_id, settlement)] = catalog.settled
    assert settlement.problem
    assert settlement.problem.type == "/problems/order-cancelled"
    assert (settled_id, settlement.state) == (order.placed_by, "refused")


async def test_staff_cancel_anybodys_order_and_it_shows(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    view = await catalog.handle(cancel_order, CancelOrder(order_id=order.id))
    assert view.cancel_reason == "cancelled-by-staff"


async def test_nobody_cancels_the_order_of_somebody_else(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    with pytest.raises(OrderNotFound):
        await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=new_id()))
    assert catalog.orders[order.id].status == "placed"


async def test_money_that_is_held_after_the_cancellation_is_given_back(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))
    await answer(catalog, "PlaceHold")

    void_id, command = asked(catalog, "VoidHold")
    assert void_id == derived_id(order.id, "void-hold")
    assert command == VoidHold(hold_id=derived_id(order.id, "hold"))
    assert catalog.orders[order.id].payment_status == "held"

    await answer(catalog, "VoidHold")
    assert catalog.orders[order.id].payment_status == "released"
    assert catalog.types()[-2:] == ["OrderPaymentChanged", "OrderPaymentChanged"]
    assert len(catalog.settled) == 1
    assert not catalog.unanswered


async def test_money_that_was_never_held_need_not_be_given_back(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))
    await answer(catalog, "PlaceHold", NO_FUNDS)

    order = catalog.orders[order.id]
    assert (order.payment_status, order.cancel_reason) == ("refused", "cancelled-by-customer")
    assert len(catalog.asked) == len(catalog.settled) == 1


async def test_it_is_too_late_once_the_money_is_being_captured(
    catalog: MemoryCatalog, mug: Product
) -> None:
    order = await place(catalog, (mug.id, 2))
    await answer(catalog, "PlaceHold")
    with pytest.raises(OrderBeingPaid):
        await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))
    await answer(catalog, "CaptureHold")
    with pytest.raises(OrderPaid):
        await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))
    assert catalog.orders[order.id].status == "confirmed"


async def test_an_order_is_cancelled_once(catalog: MemoryCatalog, mug: Product) -> None:
    order = await place(catalog, (mug.id, 2))
    await catalog.handle(cancel_order, CancelOrder(order_id=order.id, customer_id=CUSTOMER))
    with pytest.raises(OrderIsCancelled):
        await catalog.handle(cancel_order, CancelOrder(order_id=order.id))
    assert catalog.products[mug.id].reserved == 0
    assert catalog.orders[order.id].cancel_reason == "cancelled-by-customer"
