from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libs.messaging.tests.notes import NoteWritten, WriteNote

from messaging.records import Decoded, Decoder, Received, Undecodable, Unknown
from testkit.records import LogRecord, record_of

DECODER = Decoder([WriteNote])
COMMAND = WriteNote(note_id=uuid4(), text="hello")


def decoded(record: LogRecord) -> Decoded:
    [found] = DECODER.decode([record])
    return found


def test_a_sound_record_is_its_message() -> None:
    found = decoded(record_of(COMMAND))
    assert isinstance(found, Received)
    assert found.message == COMMAND
    assert found.envelope.subject == str(COMMAND.note_id)


def test_a_type_that_nobody_handles_is_unknown_and_not_an_error() -> None:
    found = decoded(record_of(NoteWritten(note_id=uuid4(), text="hello")))
    assert isinstance(found, Unknown)
    assert found.envelope.type == "NoteWritten"


def test_a_bad_body_leaves_the_envelope_readable_and_keeps_what_was_said_to_itself() -> None:
    found = decoded(record_of(COMMAND, value=b'{"note_id":"my secret","text":"x"}'))
    assert isinstance(found, Undecodable)
    assert found.envelope is not None
    assert "note_id" in found.error
    assert "my secret" not in found.error


@pytest.mark.parametrize("value", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"text":"\\ud800"}'])
def test_a_body_that_is_no_message_is_undecodable(value: bytes) -> None:
    assert isinstance(decoded(record_of(COMMAND, value=value)), Undecodable)


def test_a_tombstone_is_undecodable() -> None:
    record = record_of(COMMAND)
    record.value = None
    assert isinstance(decoded(record), Undecodable)


@given(
    value=st.none() | st.binary(max_size=80),
    headers=st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=40)), max_size=5),
)
def test_no_record_makes_the_decoder_fail(
    value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    sound = list(record_of(COMMAND).headers)
    for given_headers in (headers, [*sound, *headers]):
        record = LogRecord(topic="t", offset=0, key=None, value=value, headers=given_headers)
        assert decoded(record).record is record


def test_a_text_that_no_store_can_keep_is_undecodable() -> None:
    record = record_of(COMMAND.model_copy(update={"text": "a\0b"}))
    found = decoded(record)
    assert isinstance(found, Undecodable)
    assert "U+0000" in found.error


def test_a_text_that_only_speaks_of_it_is_sound() -> None:
    command = COMMAND.model_copy(update={"text": r"\u0000"})
    found = decoded(record_of(command))
    assert isinstance(found, Received)
    assert found.message == command
