from typing import Final

from catalog.application.order_saga import carry_on, transaction_id_of
from catalog.application.ports import CatalogWork
from catalog.domain.order import Order
from catalog.domain.payment import Step
from contracts.gateway import Outcome
from contracts.problems import Problem, ProblemType

PAYMENT_FAILED: Final = ProblemType("payment-failed", 500, "The payment could not be made")


async def record_outcome(outcome: Outcome, work: CatalogWork) -> None:
    """The ledger's answer to what an order has asked of it."""
    work.answered(outcome.command_id)
    order = await work.orders.awaiting(outcome.command_id)
    if order is None:
        return
    problem = _problem_in(outcome)
    if step := _step_of(order, outcome, problem):
        await carry_on(order, step, work, problem)


def _step_of(order: Order, outcome: Outcome, problem: Problem | None) -> Step | None:
    match outcome.command:
        case "PlaceHold":
            return order.hold_refused(_slug(problem)) if problem else order.hold_placed()
        case "CaptureHold":
            if problem:
                return order.capture_refused(_slug(problem))
            return order.hold_captured(transaction_id_of(order.id))
        case "VoidHold" if problem is None or _is_void_already(problem):
            return order.hold_voided()
    return None


def _problem_in(outcome: Outcome) -> Problem | None:
    """Why it wasn't done; the ledger's own words unless it failed by a defect."""
    if outcome.state == "succeeded":
        return None
    if outcome.state == "refused" and outcome.problem:
        return outcome.problem
    return PAYMENT_FAILED.problem()


def _slug(problem: Problem) -> str:
    return problem.type.rpartition("/")[2]


def _is_void_already(problem: Problem) -> bool:
    """Staff can void a hold by hand, too."""
    return getattr(problem, "hold_status", None) == "voided"
