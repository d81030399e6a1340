from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Problem, ProblemType
from messaging.envelope import Outgoing
from messaging.work import JsonText, Settlement
from storage.codec import (
    WORTH_COMPRESSING,
    pack,
    parcel,
    parcels,
    settlement_from,
    settlement_text,
    unpack,
)

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
    assert [m for row in parcels(given_messages) for m in unpack(row)] == given_messages


@given(st.lists(messages, max_size=4))
def test_rows_that_an_earlier_version_has_written_can_be_read(
    given_messages: list[Outgoing],
) -> None:
    text = pack(given_messages)
    for row in (text, text.encode(), zstd.compress(text.encode())):
        assert unpack(row) == given_messages


def test_a_large_row_is_compressed_and_a_small_one_is_not() -> None:
    small, large = ("x" * size for size in (10, 2 * WORTH_COMPRESSING))
    for value, is_smaller in ((small, False), (large, True)):
        message = Outgoing(topic="t", key="k", value=value, headers={"a": "b"}, partition=0)
        assert unpack(parcel([message])) == [message]
        assert (len(parcel([message])) < len(value)) == is_smaller


@given(st.lists(messages, max_size=4))
def test_a_message_that_is_read_from_a_row_is_sent_as_it_was_made(
    given_messages: list[Outgoing],
) -> None:
    read = unpack(parcel(given_messages))
    assert [message.record for message in read] == [message.record for message in given_messages]


@given(st.lists(messages, max_size=4))
def test_packed_messages_are_text_that_every_store_takes(given_messages: list[Outgoing]) -> None:
    packed = pack(given_messages)
    assert packed.isascii()
    assert "\0" not in packed


@given(st.none() | settlements)
def test_a_settlement_survives_the_way_through_the_inbox(settlement: Settlement | None) -> None:
    assert settlement_from(settlement_text(settlement)) == settlement


def test_a_result_that_is_json_already_is_kept_as_what_it_says() -> None:
    ready = Settlement.succeeded(JsonText(text='{"text":"done"}'))
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
