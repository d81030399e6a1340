from inspect import getmembers, isclass
from uuid import UUID

from catalog.domain import refusals
from catalog.domain.refusals import InsufficientStock, Refusal, TotalTooLarge
from catalog.entrypoints.problems import PROBLEMS
from contracts.problems import problem_of


def test_every_refusal_has_a_name_outside() -> None:
    known = {kind for _name, kind in getmembers(refusals, isclass) if issubclass(kind, Refusal)}
    assert known - {Refusal} == {kind for kind in PROBLEMS if issubclass(kind, Refusal)}


def test_a_refusal_shows_its_figures() -> None:
    refusal = InsufficientStock(UUID(int=1), requested=3, available=2)
    problem = problem_of(refusal, PROBLEMS)
    assert problem
    shown = problem.model_dump(mode="json", exclude_none=True)
    assert (shown["status"], shown["requested"], shown["available"]) == (422, 3, 2)
    assert shown["product_id"] == str(UUID(int=1))


def test_a_total_is_shown_as_clients_write_amounts() -> None:
    problem = problem_of(TotalTooLarge(total=2**53, currency="EUR"), PROBLEMS)
    assert problem
    assert problem.model_dump()["total"] == "90071992547409.92"
