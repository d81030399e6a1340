from uuid import uuid4

from contracts.problems import problem_of
from ledger.domain import refusals
from ledger.domain.refusals import CaptureBeyondHold, InsufficientFunds
from ledger.entrypoints.problems import PROBLEMS


def test_every_refusal_of_the_ledger_has_a_name_outside() -> None:
    declared = {
        kind
        for kind in vars(refusals).values()
        if isinstance(kind, type) and issubclass(kind, refusals.Refusal)
    }
    assert declared - {refusals.Refusal} <= set(PROBLEMS)


def test_no_two_refusals_share_a_name() -> None:
    slugs = [kind.slug for kind in PROBLEMS.values()]
    assert len(set(slugs)) == len(slugs)


def test_figures_are_shown_as_clients_write_them() -> None:
    account_id = uuid4()
    error = InsufficientFunds(account_id, requested=1250, available=5, currency="EUR")
    problem = problem_of(error, PROBLEMS)
    assert problem is not None
    assert problem.model_dump(mode="json")["requested"] == "12.50"
    assert problem.model_dump(mode="json")["available"] == "0.05"
    assert problem.model_dump(mode="json")["account_id"] == str(account_id)


def test_figures_have_the_decimals_of_their_currency() -> None:
    error = CaptureBeyondHold(uuid4(), requested=1250, available=5, currency="JPY")
    problem = problem_of(error, PROBLEMS)
    assert problem is not None
    assert problem.model_dump()["requested"] == "1250"
