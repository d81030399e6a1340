"""An order's payment: hold the money, capture it, or give it back.

The ids of hold, transaction and commands are derived from the order's, so that a step taken twice
is the same step for the ledger.
"""

from typing import Final
from uuid import UUID

from catalog.application.events import stock_changed
from catalog.application.ports import CatalogWork
from catalog.application.views import order_view
from catalog.domain.order import Order
from catalog.domain.payment import Demand, Step, StockMove
from contracts.catalog import OrderCancelled, OrderConfirmed, OrderPaymentChanged
from contracts.ids import derived_id
from contracts.ledger import CaptureHold, PlaceHold, VoidHold
from contracts.problems import Problem

_STEPS: Final = ("place-hold", "capture-hold", "void-hold")


def awaited_ids(order_id: UUID) -> list[UUID]:
    """The ids of all commands that an order may send to the ledger."""
    return [derived_id(order_id, step) for step in _STEPS]


def transaction_id_of(order_id: UUID) -> UUID:
    """The transaction by which an order is paid."""
    return derived_id(order_id, "transaction")


def ask_for_hold(order: Order, work: CatalogWork) -> None:
    work.ask(
        PlaceHold(
            hold_id=_hold_id_of(order.id),
            account_id=order.account_id,
            amount=order.total,
            currency=order.currency,
            description=f"Order {order.id}",
            owner_id=order.customer_id,
        ),
        command_id=derived_id(order.id, "place-hold"),
    )


async def carry_on(
    order: Order, step: Step, work: CatalogWork, problem: Problem | None = None
) -> None:
    """Save the order and do what the step calls for.

    `problem` answers the customer's PlaceOrder when the step cancels the order.
    """
    await work.orders.save(order)
    if step.demand:
        _ask_about_hold(order.id, step.demand, work)
    if step.stock:
        await _move_stock(order, step.stock, work)
        _finish(order, work, problem)
    else:
        work.announce(
            OrderPaymentChanged(
                order_id=order.id,
                customer_id=order.customer_id,
                payment_status=order.payment_status,
            ),
            version=order.version,
        )


def _ask_about_hold(order_id: UUID, demand: Demand, work: CatalogWork) -> None:
    hold_id = _hold_id_of(order_id)
    if demand == "capture":
        capture = CaptureHold(hold_id=hold_id, transaction_id=transaction_id_of(order_id))
        work.ask(capture, command_id=derived_id(order_id, "capture-hold"))
    else:
        work.ask(VoidHold(hold_id=hold_id), command_id=derived_id(order_id, "void-hold"))


async def _move_stock(order: Order, move: StockMove, work: CatalogWork) -> None:
    products = await work.products.get_all(line.product_id for line in order.lines)
    for line in order.lines:
        product = products[line.product_id]
        if move == "hand_over":
            product.hand_over(line.quantity)
        else:
            product.release(line.quantity)
        await work.products.save(product)
        work.announce(stock_changed(product, f"order-{order.status}"), version=product.version)


def _finish(order: Order, work: CatalogWork, problem: Problem | None) -> None:
    """Announce the end of an order and answer the command that placed it."""
    if order.status == "confirmed":
        assert order.transaction_id, "a confirmed order is paid"
        confirmed = OrderConfirmed(
            order_id=order.id, customer_id=order.customer_id, transaction_id=order.transaction_id
        )
        work.announce(confirmed, version=order.version)
        work.succeed(order.placed_by, order_view(order))
    else:
        assert problem, "whoever cancels says why"
        assert order.cancel_reason, "whoever cancels says why"
        cancelled = OrderCancelled(
            order_id=order.id, customer_id=order.customer_id, reason=order.cancel_reason
        )
        work.announce(cancelled, version=order.version)
        work.refuse(order.placed_by, problem)


def _hold_id_of(order_id: UUID) -> UUID:
    return derived_id(order_id, "hold")
