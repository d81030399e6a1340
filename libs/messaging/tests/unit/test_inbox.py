from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gateway import Outcome
from contracts.ids import derived_id
from contracts.problems import Problem, ProblemType
from messaging.envelope import Envelope, Outgoing, ReplyAddress
from messaging.inbox import InboxEntry, fingerprint_of
from messaging.work import MESSAGE_CHARACTERS, JsonText, Settlement

TIME = datetime.now(UTC)
texts = st.text(max_size=20)
values = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | texts
results = st.none() | st.dictionaries(texts, values | st.lists(values, max_size=3), max_size=4)
problems = st.none() | st.builds(
    Problem,
    type=texts,
    title=texts,
    status=st.integers(400, 599),
    detail=st.none() | texts,
    available=texts,
)
settlements = st.builds(
    Settlement,
    state=st.sampled_from(["succeeded", "refused", "failed"]),
    result=results,
    problem=problems,
)


def entry_of(settlement: Settlement, message_type: str = "WriteNote") -> InboxEntry:
    return InboxEntry(
        consumer="notes",
        message_id=uuid4(),
        message_type=message_type,
        fingerprint="f" * 64,
        correlation_id=uuid4(),
        traceparent="00-ab-cd-01",
        reply_to=ReplyAddress(topic="gateway.outcomes.v1", partition=3),
        settlement=settlement,
    )


def sent(entry: InboxEntry) -> Outgoing:
    message = entry.outcome(TIME.isoformat())
    assert message is not None
    return message


@given(settlements, texts)
def test_an_outcome_is_what_pydantic_would_write(settlement: Settlement, kind: str) -> None:
    entry = entry_of(settlement, kind)
    outcome = Outcome(
        command_id=entry.message_id,
        command=kind,
        state=settlement.state,
        result=settlement.result if isinstance(settlement.result, dict) else None,
        problem=settlement.problem,
    )
    message = sent(entry)
    assert Outcome.model_validate_json(message.value) == outcome
    assert message.key == outcome.aggregate_id


def test_its_headers_are_those_of_an_envelope() -> None:
    entry = entry_of(Settlement.succeeded(None))
    envelope = Envelope(
        id=derived_id("outcome", entry.message_id, entry.fingerprint, "succeeded"),
        type="Outcome",
        source="notes",
        subject=str(entry.message_id),
        time=TIME,
        correlation_id=entry.correlation_id,
        causation_id=entry.message_id,
        traceparent=entry.traceparent,
    )
    assert sent(entry).headers == envelope.headers()


@pytest.mark.parametrize("is_ready", [True, False])
def test_a_result_that_no_broker_would_take_is_left_out(is_ready: bool) -> None:
    text = "x" * MESSAGE_CHARACTERS
    result = JsonText(text=f'{{"text":"{text}"}}') if is_ready else {"text": text}
    message = sent(entry_of(Settlement(state="succeeded", result=result)))
    outcome = Outcome.model_validate_json(message.value)
    assert (outcome.state, outcome.result) == ("succeeded", None)


def test_a_problem_shows_its_own_figures() -> None:
    problem = ProblemType("x", 422, "X").problem("too little", available="1.50")
    outcome = Outcome.model_validate_json(sent(entry_of(Settlement.refused(problem))).value)
    assert outcome.problem == problem


def test_an_entry_of_a_message_is_the_one_that_was_given_its_fingerprint() -> None:
    envelope = Envelope(
        type="WriteNote",
        source="gateway",
        subject="main",
        correlation_id=uuid4(),
        traceparent="00-ab-cd-01",
        reply_to=ReplyAddress(topic="gateway.outcomes.v1", partition=3),
    )
    settlement = Settlement.succeeded(None)
    given = InboxEntry.of("notes", envelope, fingerprint_of("WriteNote", b"{}"), settlement)
    assert InboxEntry.received("notes", envelope, b"{}", settlement) == given
    assert InboxEntry.received("notes", envelope, b"{}").settled(settlement) == given
    assert InboxEntry.received("notes", envelope, b"[]", settlement) != given
