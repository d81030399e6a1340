from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Problem, ProblemType
from messaging.envelope import Outgoing
from messaging.work import JsonText, Settlement
from storage.codec import pack, settlement_from, settlement_text, unpack

texts = st.text(max_size=20)
messages = st.builds(
    Outgoing,
    topic=texts,
    key=texts,
    value=texts,
    headers=st.dictionaries(texts, texts, max_size=3),
    partition=st.none() | st.integers(0, 100),
)
problems = st.builds(
    Problem, type=texts, title=texts, status=st.integers(400, 599), detail=st.none() | texts
)
results = st.none() | st.dictionaries(texts, st.none() | texts | st.integers(), max_size=3)
settlements = st.builds(
    Settlement,
    state=st.sampled_from(["succeeded", "refused", "failed"]),
    result=results,
    problem=st.none() | problems,
)


@given(st.lists(messages, max_size=4))
def test_messages_survive_the_way_through_the_outbox(given_messages: list[Outgoing]) -> None:
    assert unpack(pack(given_messages)) == given_messages


@given(st.lists(messages, max_size=4))
def test_packed_messages_are_text_that_every_store_takes(given_messages: list[Outgoing]) -> None:
    packed = pack(given_messages)
    assert packed.isascii()
    assert "\0" not in packed


@given(st.none() | settlements)
def test_a_settlement_survives_the_way_through_the_inbox(settlement: Settlement | None) -> None:
    assert settlement_from(settlement_text(settlement)) == settlement


def test_a_result_that_is_json_already_is_kept_as_what_it_says() -> None:
    ready = Settlement.succeeded(JsonText('{"text":"done"}'))
    assert settlement_text(ready) == '{"state":"succeeded","result":{"text":"done"},"problem":null}'
    kept = settlement_from(settlement_text(ready))
    assert kept == Settlement(state="succeeded", result={"text": "done"})


def test_the_own_figures_of_a_problem_survive_too() -> None:
    problem = ProblemType("x", 422, "X").problem(available="1.50")
    refused = Settlement.refused(problem)
    kept = settlement_from(settlement_text(refused))
    assert kept is not None
    assert kept.problem is not None
    assert kept.problem.model_extra == {"available": "1.50"}
