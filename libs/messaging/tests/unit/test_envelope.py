from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.topics import CATALOG_OUTCOMES, GATEWAY_OUTCOMES
from messaging.envelope import MAX_HEADER_BYTES, Envelope, EnvelopeError, ReplyAddress

texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=60)
addresses = st.builds(
    ReplyAddress,
    topic=st.sampled_from([GATEWAY_OUTCOMES.name, CATALOG_OUTCOMES.name]),
    partition=st.none() | st.integers(0, GATEWAY_OUTCOMES.partitions - 1),
)
envelopes = st.builds(
    Envelope,
    type=texts,
    source=texts,
    subject=texts,
    id=st.uuids(),
    time=st.datetimes(timezones=st.just(UTC)),
    correlation_id=st.uuids(),
    causation_id=st.none() | st.uuids(),
    sequence=st.none() | st.integers(0, 2**53),
    actor=st.none() | texts,
    traceparent=st.none() | texts,
    reply_to=st.none() | addresses,
)

SOUND = Envelope(
    type="PlaceHold",
    source="gateway",
    subject="main",
    correlation_id=uuid4(),
    causation_id=uuid4(),
    sequence=3,
    actor="somebody",
    reply_to=ReplyAddress(topic=GATEWAY_OUTCOMES.name, partition=2),
)


def raw(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name, text.encode()) for name, text in headers.items()]


@given(envelopes)
def test_an_envelope_survives_the_way_through_headers(envelope: Envelope) -> None:
    assert Envelope.from_headers(raw(envelope.headers())) == envelope


def test_headers_are_those_of_cloudevents_for_kafka() -> None:
    headers = SOUND.headers()
    assert headers["ce_specversion"] == "1.0"
    assert headers["content-type"] == "application/json"
    assert datetime.fromisoformat(headers["ce_time"]).tzinfo is not None
    assert "ce_replypartition" in headers
    assert "traceparent" not in headers


def test_the_first_of_a_chain_is_its_own_correlation() -> None:
    headers = SOUND.headers()
    del headers["ce_correlationid"]
    assert Envelope.from_headers(raw(headers)).correlation_id == SOUND.id


names = st.sampled_from([*SOUND.headers(), "ce_actor", "traceparent", "other"])


@given(st.dictionaries(names, st.binary(max_size=40) | texts.map(str.encode), max_size=4))
@example({"ce_id": b"\xff"})
@example({"ce_time": b"yesterday"})
@example({"ce_sequence": b"three"})
@example({"other": b"\xc3"})
def test_hostile_headers_are_an_envelope_error_or_an_envelope(hostile: dict[str, bytes]) -> None:
    headers = dict(raw(SOUND.headers())) | hostile
    with suppress(EnvelopeError):
        Envelope.from_headers(headers.items())


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_subject", "ce_time"])
def test_a_missing_attribute_is_named(name: str) -> None:
    headers = SOUND.headers()
    del headers[name]
    with pytest.raises(EnvelopeError, match=f"'{name}' is missing"):
        Envelope.from_headers(raw(headers))


def test_a_header_without_a_value_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="ce_actor has no value"):
        Envelope.from_headers([*raw(SOUND.headers()), ("ce_actor", None)])


def test_a_header_beyond_the_limit_is_refused_whatever_it_is() -> None:
    headers = raw(SOUND.headers() | {"other": "x" * MAX_HEADER_BYTES})
    assert Envelope.from_headers(headers) == SOUND
    with pytest.raises(EnvelopeError, match="1024 are allowed"):
        Envelope.from_headers([*headers, ("more", b"x" * (MAX_HEADER_BYTES + 1))])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_type", "x" * 65),
        ("ce_type", "Place\0Hold"),
        ("ce_source", ""),
        ("ce_subject", "x" * 129),
        ("traceparent", "0" * 65),
        ("ce_actor", "some\0body"),
    ],
)
def test_an_attribute_that_no_store_could_hold_is_refused(name: str, value: str) -> None:
    with pytest.raises(EnvelopeError, match=name):
        Envelope.from_headers(raw(SOUND.headers() | {name: value}))


@pytest.mark.parametrize(
    ("topic", "partition"),
    [
        ("ledger.commands.v1", "0"),
        ("nowhere", "0"),
        (GATEWAY_OUTCOMES.name, "-1"),
        (GATEWAY_OUTCOMES.name, str(GATEWAY_OUTCOMES.partitions)),
        (GATEWAY_OUTCOMES.name, "99999999999"),
    ],
)
def test_an_answer_goes_to_a_declared_topic_of_outcomes_or_nowhere(
    topic: str, partition: str
) -> None:
    headers = SOUND.headers() | {"ce_replyto": topic, "ce_replypartition": partition}
    with pytest.raises(EnvelopeError, match="reply"):
        Envelope.from_headers(raw(headers))
