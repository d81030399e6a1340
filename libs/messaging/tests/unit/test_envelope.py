from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.topics import CATALOG_OUTCOMES, GATEWAY_OUTCOMES
from messaging import layouts
from messaging.envelope import Envelope, EnvelopeError, ReplyAddress
from messaging.layouts import MAX_HEADER_BYTES

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


def test_headers_in_another_order_or_with_one_twice_mean_the_same() -> None:
    headers = raw(SOUND.headers())
    assert Envelope.from_headers(reversed(headers)) == SOUND
    assert Envelope.from_headers([("ce_actor", b"another"), *headers]) == SOUND
    with pytest.raises(EnvelopeError, match="ce_actor"):
        Envelope.from_headers([("ce_actor", b"\xff"), *headers])


def careful(headers: list[tuple[str, bytes]]) -> Envelope | None:
    """What the checks one by one make of the headers: no pattern likes U+0000."""
    with suppress(EnvelopeError):
        return Envelope.from_headers([*headers, ("other", b"\0")])
    return None


def plain(headers: list[tuple[str, bytes]]) -> Envelope | None:
    with suppress(EnvelopeError):
        return Envelope.from_headers(headers)
    return None


IDS = [
    str(SOUND.id).upper(),
    SOUND.id.hex,
    f"urn:uuid:{SOUND.id}",
    f"{SOUND.id}\n",
    "",
    "\u0660" * 36,
]
TIMES = [
    f"{day}T{time}"
    for day in ("2024-02-29", "2023-02-29", "2023-02-28", "2023-04-31", "2023-13-01", "0000-01-01")
    for time in ("23:59:59+00:00", "24:00:00+00:00", "12:00:00.123456+00:00", "12:00:00Z", "12:00")
]
NUMBERS = ["0", "7", "007", "+7", "-7", "7.0", " 7", "1_000", "\u0667", str(2**63 - 1), str(2**63)]
odd = {
    "ce_id": IDS,
    "ce_correlationid": IDS,
    "ce_causationid": IDS,
    "ce_time": TIMES,
    "ce_sequence": NUMBERS,
    "ce_replypartition": NUMBERS,
    "ce_replyto": [CATALOG_OUTCOMES.name, "ledger.commands.v1", "gatewayxoutcomes.v1"],
    "ce_type": ["ä" * 64, "ä" * 65, "\n"],
    "ce_subject": ["x" * 128, "x" * 129],
    "traceparent": ["0" * 64, "0" * 65],
    "other": ["", "x" * MAX_HEADER_BYTES],
}


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(texts) for name, texts in odd.items()}
    ),
    st.sets(st.sampled_from(list(SOUND.headers())), max_size=2),
)
def test_what_is_read_at_once_is_what_is_read_one_by_one(
    changed: dict[str, str], missing: set[str]
) -> None:
    headers = SOUND.headers() | changed
    headers = {name: text for name, text in headers.items() if name not in missing}
    assert plain(raw(headers)) == careful(raw(headers))


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in odd.items() for text in texts if name != "other"],
)
def test_each_odd_value_is_read_or_refused_the_same_way(name: str, text: str) -> None:
    headers = raw(SOUND.headers() | {name: text})
    assert plain(headers) == careful(headers)


@pytest.mark.parametrize("name", ["ce_id", "ce_time", "ce_correlationid", "ce_causationid"])
def test_what_is_made_later_is_refused_at_once(name: str) -> None:
    for text in ("2026-13-01T12:00:00+00:00", "01a20469-aacb-70e8-a973-5472b53030bg"):
        with pytest.raises(EnvelopeError, match=name):
            Envelope.from_headers(raw(SOUND.headers() | {name: text}))


def test_two_headers_in_one_are_not_two() -> None:
    headers = SOUND.headers()
    assert Envelope.from_headers(raw(headers)) == SOUND
    id, kind = headers.pop("ce_id"), headers.pop("ce_type")
    joined = {"ce_id\0ce_type": f"{id}\0{kind}"} | headers
    with pytest.raises(EnvelopeError, match="is missing"):
        Envelope.from_headers(raw(joined))


def test_no_more_layouts_are_kept_than_make_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "_LAYOUTS", {})
    for number in range(layouts.MOST_LAYOUTS + 5):
        headers = raw(SOUND.headers() | {f"other-{number}": "x"})
        assert Envelope.from_headers(headers) == SOUND
    assert len(layouts._LAYOUTS) == layouts.MOST_LAYOUTS


def test_sixteen_bytes_are_no_id() -> None:
    with pytest.raises(EnvelopeError, match="ce_id"):
        Envelope.from_headers((dict(raw(SOUND.headers())) | {"ce_id": b"0123456789abcdef"}).items())


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
