from catalog.application.order_saga import carry_on
from catalog.application.ports import CatalogWork
from catalog.application.views import order_view
from contracts.catalog import CancelOrder, OrderView
from contracts.problems import ProblemType

ORDER_CANCELLED = ProblemType("order-cancelled", 409, "The order is cancelled")


async def cancel_order(command: CancelOrder, work: CatalogWork) -> OrderView:
    order = await work.orders.get(command.order_id, customer_id=command.customer_id)
    reason = "cancelled-by-staff" if command.customer_id is None else "cancelled-by-customer"
    step = order.cancel(reason)
    problem = ORDER_CANCELLED.problem(
        "the order was cancelled before it was paid", order_id=str(order.id), cancel_reason=reason
    )
    await carry_on(order, step, work, problem)
    return order_view(order)
