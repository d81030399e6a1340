from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.ids import new_id
from messaging.dead_letters import KeptLetter, LetterRefused
from messaging.store import DeadLetter

NOW = datetime.now(UTC)
ID = new_id()


def kept(
    *,
    key: bytes | None = b"1",
    value: bytes | None = b"{}",
    headers: Sequence[tuple[str, bytes | None]] | None = None,
    redriven_at: datetime | None = None,
    discarded_at: datetime | None = None,
) -> KeptLetter:
    letter = DeadLetter(
        consumer="notes",
        topic="notes.commands.v1",
        partition=3,
        offset=7,
        key=key,
        value=value,
        headers=[("ce_id", str(ID).encode())] if headers is None else list(headers),
        error="broken",
        attempts=3,
    )
    return KeptLetter(
        id=5, letter=letter, created_at=NOW, redriven_at=redriven_at, discarded_at=discarded_at
    )


def test_a_letter_is_published_again_as_it_came() -> None:
    message = kept(key="grüße".encode(), value=b'{"a":1}').again()
    assert (message.topic, message.key, message.value) == ("notes.commands.v1", "grüße", '{"a":1}')
    assert message.headers == {"ce_id": str(ID)}
    assert message.partition is None


def test_a_letter_without_key_and_value_has_empty_ones() -> None:
    message = kept(key=None, value=None).again()
    assert (message.key, message.value) == ("", "")


@pytest.mark.parametrize(
    "letter",
    [kept(key=b"\xff"), kept(value=b"\xff"), kept(headers=[("ce_id", b"\xff")])],
    ids=["key", "value", "header"],
)
def test_what_is_not_text_can_not_be_published_as_it_came(letter: KeptLetter) -> None:
    with pytest.raises(LetterRefused, match="dead letter 5 isn't UTF-8 text"):
        letter.again()


def test_a_discarded_letter_is_not_published_again() -> None:
    with pytest.raises(LetterRefused, match="has been discarded"):
        kept(discarded_at=NOW).again()


def test_a_redriven_letter_may_be_published_once_more() -> None:
    assert kept(redriven_at=NOW).again().headers == {"ce_id": str(ID)}


def test_a_letter_is_open_until_something_is_done_about_it() -> None:
    states = [letter.state for letter in (kept(), kept(redriven_at=NOW), kept(discarded_at=NOW))]
    assert states == ["open", "redriven", "discarded"]


@pytest.mark.parametrize(
    ("headers", "id"),
    [
        ([("ce_id", str(ID).encode())], ID),
        ([("ce_id", b"7")], None),
        ([("ce_id", b"\xff")], None),
        ([], None),
    ],
)
def test_a_letter_has_the_id_of_its_message_if_that_can_be_read(
    headers: list[tuple[str, bytes]], id: UUID | None
) -> None:
    assert kept(headers=headers).message_id == id
