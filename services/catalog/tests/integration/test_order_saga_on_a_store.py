"""The saga on a real store, batch by batch, with the records that a broker would bring."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.catalog.tests.integration.conftest import CatalogBench
from services.catalog.tests.integration.shopping import (
    CUSTOMER,
    NO_FUNDS,
    order_of,
    outcome,
    stocked,
    types_of,
)

from catalog.application.ports import CatalogReads
from contracts.catalog import CancelOrder, ChangeProduct, OrderView
from contracts.ids import derived_id, new_id
from contracts.topics import CATALOG_OUTCOMES
from testkit.records import record_of
from testkit.workbench import outcomes_of


async def requests(bench: CatalogBench) -> set[UUID]:
    """What is asked for again and again."""
    far_off = datetime.now(UTC) + timedelta(days=1)
    return {request.command_id for request, _ in await bench.delivery.requests.due(far_off, 100)}


async def test_an_order_is_confirmed_once_it_is_paid(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, placed = await stocked(bench), new_id()
    command = order_of((mug, 3))

    sent = await bench.consume(record_of(command, id=placed))
    assert types_of(sent) == ["OrderPlaced", "StockChanged", "PlaceHold"]
    assert sent[-1].headers["ce_replyto"] == CATALOG_OUTCOMES.name
    assert await requests(bench) == {derived_id(command.order_id, "place-hold")}

    sent = await bench.consume(outcome(command.order_id, "place-hold"))
    assert types_of(sent) == ["CaptureHold", "OrderPaymentChanged"]
    assert await requests(bench) == {derived_id(command.order_id, "capture-hold")}

    sent = await bench.consume(outcome(command.order_id, "capture-hold"))
    assert types_of(sent) == ["StockChanged", "OrderConfirmed", "Outcome"]
    assert await requests(bench) == set()
    answer = outcomes_of(sent)[placed]
    assert answer.state == "succeeded"
    order = await reads.order(command.order_id, CUSTOMER)
    assert OrderView.model_validate(answer.result) == order
    assert (order.status, order.payment_status, order.version) == ("confirmed", "paid", 3)
    stock = (await reads.product(mug)).stock
    assert (stock.on_hand, stock.reserved) == (7, 0)


async def test_an_order_without_money_is_refused_with_the_ledgers_problem(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, placed = await stocked(bench), new_id()
    command = order_of((mug, 3))
    await bench.consume(record_of(command, id=placed))
    sent = await bench.consume(outcome(command.order_id, "place-hold", "refused", NO_FUNDS))

    answer = outcomes_of(sent)[placed]
    assert (answer.state, answer.problem) == ("refused", NO_FUNDS)
    order = await reads.order(command.order_id, CUSTOMER)
    assert (order.status, order.cancel_reason) == ("cancelled", "insufficient-funds")
    assert (await reads.product(mug)).stock.available == 10
    assert await requests(bench) == set()


async def test_an_order_cancelled_in_the_batch_that_placed_it_gives_its_hold_back_later(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, placed, cancelled = await stocked(bench), new_id(), new_id()
    command = order_of((mug, 3))
    cancel = CancelOrder(order_id=command.order_id, customer_id=CUSTOMER)
    answers = outcomes_of(
        await bench.consume(record_of(command, id=placed), record_of(cancel, id=cancelled))
    )
    assert answers[cancelled].state == "succeeded"
    refused = answers[placed].problem
    assert refused
    assert refused.type == "/problems/order-cancelled"

    sent = await bench.consume(outcome(command.order_id, "place-hold"))
    assert types_of(sent) == ["VoidHold", "OrderPaymentChanged"]
    await bench.consume(outcome(command.order_id, "void-hold"))
    order = await reads.order(command.order_id, CUSTOMER)
    assert (order.payment_status, order.version) == ("released", 4)
    assert await requests(bench) == set()


async def test_a_repeated_command_is_answered_with_what_came_of_the_first(
    bench: CatalogBench,
) -> None:
    mug, placed = await stocked(bench), new_id()
    command = order_of((mug, 3))
    await bench.consume(record_of(command, id=placed))
    assert await bench.consume(record_of(command, id=placed)) == []

    steps = [outcome(command.order_id, step) for step in ("place-hold", "capture-hold")]
    first = outcomes_of(await bench.consume(*steps))
    again = await bench.consume(record_of(command, id=placed), *steps)
    assert types_of(again) == ["Outcome"]
    assert outcomes_of(again) == first


async def test_refusals_are_answered_with_their_problem_and_change_nothing(
    bench: CatalogBench, reads: CatalogReads
) -> None:
    mug, tea = await stocked(bench, "MUG"), await stocked(bench, "TEA", currency="USD", stock=1)
    mixed = await bench.handle(order_of((mug, 1), (tea, 1)))
    short = await bench.handle(order_of((mug, 1), (mug, 10)))
    stale = await bench.handle(ChangeProduct(product_id=mug, expected_version=1, name="Cup"))

    problems = [outcome.problem for outcome in (mixed, short, stale)]
    assert [problem and problem.type for problem in problems] == [
        "/problems/mixed-currencies",
        "/problems/insufficient-stock",
        "/problems/stale-version",
    ]
    assert short.problem
    shown = short.problem.model_dump()
    assert (shown["product_id"], shown["requested"], shown["available"]) == (str(mug), 11, 10)
    assert (await reads.orders(None, limit=10, after=None)).items == []
    assert (await reads.product(mug)).version == 2
