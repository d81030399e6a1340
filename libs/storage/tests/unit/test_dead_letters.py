from messaging.store import DeadLetter
from storage.dead_letters import PUBLISHED_CHARACTERS, published


def letter(value: bytes) -> DeadLetter:
    return DeadLetter(
        consumer="notes",
        topic="notes.commands.v1",
        partition=0,
        offset=1,
        key=None,
        value=value,
        headers=[],
        error="broken",
        attempts=1,
    )


def test_a_huge_letter_is_cut_so_that_no_broker_refuses_it() -> None:
    message = published(letter(b"\xff" * 1_000_000))
    assert len(message.value) == PUBLISHED_CHARACTERS
    assert len(message.value.encode()) < 1_000_000


def test_a_letter_that_is_text_is_published_as_it_was() -> None:
    assert published(letter("grüße".encode())).value == "grüße"
