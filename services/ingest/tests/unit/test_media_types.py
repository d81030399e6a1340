import pytest

from ingest.domain.media_types import MediaType, decode_text, sniff_media_type
from ingest.domain.refusals import UnsupportedMediaType


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7\n...", MediaType.PDF),
        (b"\r\n  %PDF-1.4", MediaType.PDF),
        (b"# Opening hours\n\nFrom six.", MediaType.MARKDOWN),
        (b"We open at six.\nWe close at nine.", MediaType.PLAIN_TEXT),
        ("Größe".encode("utf-16"), MediaType.PLAIN_TEXT),
        (b"", MediaType.PLAIN_TEXT),
    ],
)
def test_the_type_is_read_from_the_content(content: bytes, expected: MediaType) -> None:
    assert sniff_media_type(content) is expected


@pytest.mark.parametrize(
    ("content", "detected"),
    [
        (b"PK\x03\x04...", "application/zip"),
        (b"\x89PNG\r\n", "image/png"),
        (b"<!DOCTYPE html><p>Hello", "text/html"),
        (b"\xfa\xfb\xfc", "application/octet-stream"),
        (b"text with\0a zero", "application/octet-stream"),
    ],
)
def test_other_types_are_refused_by_name(content: bytes, detected: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        sniff_media_type(content)

    assert refusal.value.detected == detected


def test_line_ends_and_marks_of_encodings_are_evened_out() -> None:
    assert decode_text(b"\xef\xbb\xbfone\r\ntwo\rthree") == "one\ntwo\nthree"


def test_the_type_of_text_made_of_half_links_is_found_in_one_pass() -> None:
    # A pass for each of its halves would take hours.
    assert sniff_media_type(b"](" * 1_000_000) is MediaType.PLAIN_TEXT
