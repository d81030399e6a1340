import re
from enum import StrEnum

from ingest.domain.refusals import UnsupportedMediaType


class MediaType(StrEnum):
    """The types of document that are read."""

    PDF = "application/pdf"
    MARKDOWN = "text/markdown"
    PLAIN_TEXT = "text/plain"


# A PDF may begin after a little foreign matter (ISO 32000-1, implementation note 13).
_PDF_MARK_WITHIN_BYTES = 1024
_SIGNATURES = {
    b"PK\x03\x04": "application/zip",
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"\xd0\xcf\x11\xe0": "application/x-ole-storage",
    b"\x1f\x8b": "application/gzip",
    b"{\\rtf": "application/rtf",
}
_HTML_START = re.compile(r"\s*<(!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)
_MARKDOWN_SIGNS = re.compile(
    r"^(#{1,6} \S|```|[-*+] \S|\d+\. \S|> \S|\|.*\|$)|\]\([^\s()]+\)|\*\*\S", re.MULTILINE
)
_UNKNOWN = "application/octet-stream"


def sniff_media_type(content: bytes) -> MediaType:
    """The type the content itself shows; a client's word for it is never asked."""
    if b"%PDF-" in content[:_PDF_MARK_WITHIN_BYTES]:
        return MediaType.PDF
    for signature, detected in _SIGNATURES.items():
        if content.startswith(signature):
            raise UnsupportedMediaType(detected)
    text = decode_text(content)
    if _HTML_START.match(text):
        raise UnsupportedMediaType("text/html")
    return MediaType.MARKDOWN if _MARKDOWN_SIGNS.search(text) else MediaType.PLAIN_TEXT


def decode_text(content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; anything else is not taken for text."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UnsupportedMediaType(_UNKNOWN) from None
    if "\0" in text:
        raise UnsupportedMediaType(_UNKNOWN)
    return text.replace("\r\n", "\n").replace("\r", "\n")
