from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.contract import Message
from contracts.generate import released_versions
from contracts.registry import UNIONS, messages_of
from contracts.samples import Sample, read_samples

TODAY = read_samples()
EVER = [sample for folder in released_versions() for sample in read_samples(folder / "samples")]
MADE = {(topic.name, m.__name__) for topic in UNIONS for m in messages_of(topic)}
each = pytest.mark.parametrize(
    "sample", [pytest.param(s, id=f"{s.topic}-{s.type}") for s in (*TODAY, *EVER)]
)


def decode(sample: Sample) -> Message:
    unions = {topic.name: union for topic, union in UNIONS.items()}
    message: Message = TypeAdapter(unions[sample.topic]).validate_python(dict(sample.value))
    return message


def changed(before: Any, after: Any, path: str = "") -> list[str]:
    """Members of `before` that are missing or have another value in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for name, value in before.items()
            for line in (
                changed(value, after[name], f"{path}.{name}")
                if name in after
                else [f"{path}.{name} is lost"]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for n, (a, b) in pairs for line in changed(a, b, f"{path}[{n}]")]
    return [] if before == after else [f"{path}: {before!r} has become {after!r}"]


def test_every_message_has_a_sample_and_every_sample_a_message() -> None:
    assert {(sample.topic, sample.type) for sample in TODAY} == MADE


@each
def test_what_was_written_once_is_read_today_member_by_member(sample: Sample) -> None:
    message = decode(sample)
    assert message.type == sample.type
    assert not changed(sample.value, message.model_dump(mode="json"))


@each
def test_what_a_sample_leaves_out_has_its_default_today(sample: Sample) -> None:
    message = decode(sample)
    fields = type(message).model_fields
    for name in fields.keys() - sample.value.keys():
        assert getattr(message, name) == fields[name].get_default(call_default_factory=True)


@each
def test_the_headers_of_a_sample_are_those_of_its_message(sample: Sample) -> None:
    assert sample.headers["ce_type"] == sample.type
    assert sample.headers["ce_subject"] == decode(sample).aggregate_id
    assert UUID(sample.headers["ce_id"]).version == 7
    assert ("ce_sequence" in sample.headers) == (".commands." not in sample.topic) or (
        sample.type == "Outcome"
    )


@pytest.mark.parametrize("sample", TODAY, ids=lambda s: f"{s.topic}-{s.type}")
def test_a_sample_of_today_shows_every_member(sample: Sample) -> None:
    assert sample.value.keys() == type(decode(sample)).model_fields.keys()


def test_a_difference_between_two_readings_is_seen_however_deep() -> None:
    before = {"lines": [{"sku": "TEA", "quantity": 2}], "total": 1}
    assert changed(before, before | {"more": 1}) == []
    assert changed(before, {"lines": [{"sku": "TEA", "quantity": 3}]}) == [
        ".lines[0].quantity: 2 has become 3",
        ".total is lost",
    ]


def test_a_sample_with_a_value_of_another_kind_is_not_read() -> None:
    first = next(sample for sample in TODAY if sample.type == "HoldPlaced")
    spoilt = Sample(
        topic=first.topic, type=first.type, headers={}, value={**first.value, "amount": "12.50"}
    )
    with pytest.raises(ValidationError):
        decode(spoilt)
