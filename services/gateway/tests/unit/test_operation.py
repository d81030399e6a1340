from datetime import UTC, datetime, timedelta

from services.gateway.tests.fakes import an_operation

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_operation_ends_with_its_outcome() -> None:
    operation = an_operation()
    states = [operation.is_finished]
    operation.finish("succeeded", result={"n": 1}, problem=None, at=NOW)
    states.append(operation.is_finished)
    assert states == [False, True]
    ending = (operation.state, operation.result, operation.finished_at)
    assert ending == ("succeeded", {"n": 1}, NOW)


def test_a_second_outcome_changes_nothing() -> None:
    operation = an_operation()
    operation.finish("refused", result=None, problem={"status": 409}, at=NOW)
    before = vars(operation).copy()
    operation.finish("succeeded", result={"n": 1}, problem=None, at=NOW + timedelta(hours=1))
    assert vars(operation) == before
