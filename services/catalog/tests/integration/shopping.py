"""Commands to a catalogue, and the ledger's answers to what it asks."""

from typing import Any
from uuid import UUID

from services.catalog.tests.integration.conftest import CatalogBench

from contracts.catalog import CreateProduct, OrderLine, PlaceOrder
from contracts.gateway import Outcome, OutcomeState
from contracts.ids import derived_id, new_id
from contracts.problems import Problem, ProblemType
from contracts.topics import CATALOG_OUTCOMES
from messaging.envelope import Outgoing
from testkit.records import LogRecord, record_of

CUSTOMER = UUID(int=9_001)
NO_FUNDS = ProblemType("insufficient-funds", 422, "Not enough money").problem(available="3.00")


def create(sku: str, **fields: Any) -> CreateProduct:
    defaults: dict[str, Any] = {"name": sku.title(), "price": 1250, "currency": "EUR", "stock": 10}
    return CreateProduct(product_id=new_id(), sku=sku, **defaults | fields)


async def stocked(bench: CatalogBench, sku: str = "MUG", **fields: Any) -> UUID:
    """A new product."""
    command = create(sku, **fields)
    assert (await bench.handle(command)).state == "succeeded"
    return command.product_id


def order_of(*lines: tuple[UUID, int], customer_id: UUID = CUSTOMER) -> PlaceOrder:
    return PlaceOrder(
        order_id=new_id(),
        customer_id=customer_id,
        account_id=new_id(),
        lines=[OrderLine(product_id=product_id, quantity=number) for product_id, number in lines],
    )


def outcome(
    order_id: UUID, step: str, state: OutcomeState = "succeeded", problem: Problem | None = None
) -> LogRecord:
    """What the ledger says to `place-hold`, `capture-hold` or `void-hold` of an order."""
    message = Outcome(
        command_id=derived_id(order_id, step),
        command="".join(word.title() for word in step.split("-")),
        state=state,
        problem=problem,
    )
    record = record_of(message, reply_to=None)
    record.topic = CATALOG_OUTCOMES.name
    return record


def types_of(messages: list[Outgoing]) -> list[str]:
    return [message.headers["ce_type"] for message in messages]
