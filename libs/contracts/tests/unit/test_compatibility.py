"""Each rule of contracts.compatibility, on schemas that Pydantic makes of small models."""

from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter, create_model

from contracts.compatibility import incompatibilities

OPTIONAL = (str | None, None)


def message(type_name: str = "OrderPlaced", **members: Any) -> type[BaseModel]:
    """A message with a member `id` and these, each a type and its default."""
    own: dict[str, Any] = {"type": (Literal[type_name], type_name), "id": (UUID, ...)}
    made: type[BaseModel] = create_model(type_name, **(own | members))
    return made


def topic(*messages: type[BaseModel]) -> dict[str, Any]:
    first, *others = messages
    union: Any = first
    for other in others:
        union = union | other
    if others:
        union = Annotated[union, Field(discriminator="type")]
    return TypeAdapter(union).json_schema()


def with_member(kind: Any, **limits: Any) -> dict[str, Any]:
    return topic(message(member=(Annotated[kind, Field(**limits)], ...)))


def with_line(**members: Any) -> dict[str, Any]:
    line = create_model("Line", **members)
    return topic(message(lines=(list[line], ...)))


PLAIN = topic(message())


def test_a_topic_gets_on_with_itself() -> None:
    assert incompatibilities(PLAIN, PLAIN) == []


@pytest.mark.parametrize(
    ("released", "today"),
    [
        pytest.param(PLAIN, topic(message(note=OPTIONAL)), id="a member with a default"),
        pytest.param(PLAIN, topic(message(), message("OrderLost")), id="a message type"),
        pytest.param(
            PLAIN,
            topic(message(id=(UUID, Field(title="Number", description="Whose it is")))),
            id="title and description",
        ),
        pytest.param(
            with_line(sku=(str, ...)),
            with_line(sku=(str, ...), note=OPTIONAL),
            id="a member with a default, in a list",
        ),
        pytest.param(
            topic(message(), message("OrderLost")),
            topic(message("OrderLost"), message()),
            id="the order of the types",
        ),
    ],
)
def test_fine_is_another(released: dict[str, Any], today: dict[str, Any]) -> None:
    assert incompatibilities(released, today) == []


@pytest.mark.parametrize(
    ("released", "today", "said"),
    [
        (PLAIN, topic(message(note=(str, ...))), "OrderPlaced.note: required"),
        (topic(message(note=OPTIONAL)), PLAIN, "OrderPlaced.note: the member is gone"),
        (topic(message(note=OPTIONAL)), topic(message(text=OPTIONAL)), "note: the member is gone"),
        (topic(message(note=(str, ""))), topic(message(note=(str, ...))), "note: required"),
        (topic(message(note=(str, ...))), topic(message(note=(str, ""))), "note: required"),
        (topic(message(note=(str, ""))), topic(message(note=(str, "-"))), "default was ''"),
        (topic(message(), message("OrderLost")), PLAIN, "OrderLost: the message type is gone"),
        (PLAIN, topic(message("OrderMade")), "OrderPlaced: the message type is gone"),
        (with_line(sku=(str, ...)), with_line(sku=(int, ...)), "lines[].sku: a value of kind"),
        (with_line(sku=(str, ...)), with_line(), "lines[].sku: the member is gone"),
        (with_line(), with_line(sku=(str, ...)), "lines[].sku: required"),
        (
            PLAIN,
            PLAIN | {"discriminator": {"propertyName": "kind"}},
            "the member that tells the message types apart",
        ),
        (
            PLAIN,
            topic(message(id=(UUID, Field(json_schema_extra={"contentEncoding": "base64"})))),
            "contentEncoding has changed",
        ),
    ],
)
def test_a_change_of_shape_is_found(
    released: dict[str, Any], today: dict[str, Any], said: str
) -> None:
    assert said in "\n".join(incompatibilities(released, today))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (with_member(int), with_member(float)),
        (with_member(str), with_member(str | None)),
        (with_member(Literal["a", "b"]), with_member(Literal["a", "b", "c"])),
        (with_member(Literal["a"]), with_member(Literal["a", "b"])),
        (with_member(Literal["a"]), with_member(str)),
        (with_member(int, ge=1), with_member(int, ge=0)),
        (with_member(int, ge=1), with_member(int)),
        (with_member(int, gt=1), with_member(int, gt=0)),
        (with_member(int, le=9), with_member(int, le=10)),
        (with_member(int, lt=9), with_member(int, lt=10)),
        (with_member(int, multiple_of=5), with_member(int)),
        (with_member(str, max_length=10), with_member(str, max_length=20)),
        (with_member(str, min_length=1), with_member(str)),
        (with_member(str, pattern="^[A-Z]{3}$"), with_member(str)),
        (with_member(UUID), with_member(str)),
        (with_member(list[int], max_length=3), with_member(list[int])),
        (with_member(list[int], min_length=1), with_member(list[int])),
        (with_member(set[int]), with_member(list[int])),
        (with_member(dict[str, int]), with_member(dict[str, int | None])),
        (with_member(dict[str, int]), with_member(dict[str, Any])),
    ],
)
def test_a_narrower_value_is_refused_by_the_reader_of_today_and_a_wider_one_by_the_old(
    narrow: dict[str, Any], wide: dict[str, Any]
) -> None:
    narrowed, widened = incompatibilities(wide, narrow), incompatibilities(narrow, wide)
    assert all("(today's readers, yesterday's message)" in line for line in narrowed)
    assert all("(yesterday's readers, today's message)" in line for line in widened)
    assert len(narrowed) == len(widened) == 1


def test_another_pattern_or_format_can_not_be_compared_and_so_is_refused_both_ways() -> None:
    short, long = with_member(str, pattern="^a$"), with_member(str, pattern="^a+$")
    assert len(incompatibilities(short, long)) == 2
    assert len(incompatibilities(long, short)) == 2


def test_a_reader_that_knows_all_members_refuses_a_new_one() -> None:
    closed = topic(message())
    closed["additionalProperties"] = False
    wider = topic(message(note=OPTIONAL))
    wider["additionalProperties"] = False
    assert ["OrderPlaced.note: unknown members are refused" in line for line in
            incompatibilities(closed, wider)] == [True]  # fmt: skip


def test_a_topic_of_one_message_may_become_one_of_several() -> None:
    assert "oneOf" not in PLAIN
    assert incompatibilities(PLAIN, topic(message(), message("OrderLost"))) == []
    assert incompatibilities(topic(message(), message("OrderLost")), PLAIN) != []
