from dataclasses import replace
from datetime import UTC, datetime

from messaging.store import DeadLetter
from storage.dead_letters import PUBLISHED_BYTES, letter_row, published


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
    assert 0 < len(message.value.encode()) <= PUBLISHED_BYTES


def test_headers_and_key_of_a_letter_are_cut_as_well() -> None:
    huge = replace(letter(b""), key=b"\xff" * 400_000, headers=[("x", b"a" * 900_000)])
    message = published(huge)
    assert len(message.key.encode()) <= PUBLISHED_BYTES
    assert "x" not in message.headers


def test_an_error_that_quotes_a_nul_is_text_that_every_store_takes() -> None:
    quoting = replace(letter(b"{}"), error="found `\0` at 0")
    assert letter_row(quoting, datetime.now(UTC))["error"] == "found `\\0` at 0"
    assert "\0" not in published(quoting).headers["dead-error"]


def test_a_header_without_a_value_is_kept_as_it_was() -> None:
    row = letter_row(replace(letter(b"{}"), headers=[("x", None)]), datetime.now(UTC))
    assert row["headers"] == [["x", None]]


def test_a_letter_that_is_text_is_published_as_it_was() -> None:
    assert published(letter("grüße".encode())).value == "grüße"
