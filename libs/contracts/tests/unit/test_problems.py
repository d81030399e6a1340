from contracts.problems import ProblemType, problem_of


class Refusal(Exception):
    pass


class TooSmall(Refusal):
    def __init__(self, size: int) -> None:
        super().__init__("it is too small")
        self.size = size
        self._secret = "not for clients"


class FarTooSmall(TooSmall):
    pass


TOO_SMALL = ProblemType("too-small", 422, "Too small")


def test_a_refusal_becomes_its_kind_of_problem_with_its_own_figures() -> None:
    problem = problem_of(TooSmall(3), {TooSmall: TOO_SMALL})
    assert problem is not None
    assert problem.model_dump(exclude_none=True) == {
        "type": "/problems/too-small",
        "title": "Too small",
        "status": 422,
        "detail": "it is too small",
        "size": 3,
    }


def test_the_nearest_base_class_in_the_table_names_a_refusal() -> None:
    table = {Refusal: ProblemType("refused", 409, "Refused"), TooSmall: TOO_SMALL}
    problem = problem_of(FarTooSmall(1), table)
    assert problem is not None
    assert problem.status == 422


def test_an_error_that_is_in_no_table_is_no_refusal() -> None:
    assert problem_of(RuntimeError("broken"), {Refusal: TOO_SMALL}) is None


def test_a_kind_of_problem_may_show_its_figures_in_its_own_way() -> None:
    kind = ProblemType("too-small", 422, "Too small", lambda error: {"metres": error.size / 100})
    problem = problem_of(TooSmall(250), {TooSmall: kind})
    assert problem is not None
    assert problem.model_extra == {"metres": 2.5}
