"""An order on its way, and what the ledger says to it."""

from uuid import UUID

from services.catalog.tests.unit.memory import MemoryCatalog

from catalog.application.place_order import place_order
from catalog.application.record_outcome import record_outcome
from catalog.domain.order import Order
from contracts.catalog import OrderLine, PlaceOrder
from contracts.contract import Command
from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.problems import Problem, ProblemType

CUSTOMER = UUID(int=9_001)
ACCOUNT = UUID(int=9_002)
NO_FUNDS = ProblemType("insufficient-funds", 422, "Not enough money").problem(available="3.00")


async def place(catalog: MemoryCatalog, *lines: tuple[UUID, int]) -> Order:
    """The order as it stands when its hold has been asked for."""
    command = PlaceOrder(
        order_id=new_id(),
        customer_id=CUSTOMER,
        account_id=ACCOUNT,
        lines=[OrderLine(product_id=product_id, quantity=number) for product_id, number in lines],
    )
    await catalog.handle(place_order, command)
    return catalog.orders[command.order_id]


def asked(catalog: MemoryCatalog, type: str) -> tuple[UUID, Command]:
    """The one command of that type that has been asked, with its id."""
    [found] = [item for item in catalog.asked.items() if item[1].type == type]
    return found


async def answer(catalog: MemoryCatalog, type: str, problem: Problem | None = None) -> Outcome:
    """Hand over the ledger's outcome of the command of that type."""
    command_id, command = asked(catalog, type)
    outcome = Outcome(
        command_id=command_id,
        command=command.type,
        state="refused" if problem else "succeeded",
        problem=problem,
    )
    await catalog.handle(record_outcome, outcome)
    return outcome
