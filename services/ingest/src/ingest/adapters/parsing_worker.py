"""Reads one document from standard input, writes its text to standard output as JSON, and ends.

A program of its own, because a document is a stranger's: it may be built to exhaust its reader.
"""

import json
import resource
import sys

from ingest.adapters.parsing_text import read_markdown, read_plain_text
from ingest.adapters.pdf import read_pdf
from ingest.domain.media_types import MediaType, decode_text, sniff_media_type
from ingest.domain.parsed import Page
from ingest.domain.refusals import (
    DocumentTooLarge,
    Unreadable,
    UnreadableDocument,
    UnsupportedMediaType,
)


def main() -> None:
    limits = json.loads(sys.argv[1])
    _confine(memory_bytes=limits["memory_bytes"], cpu_s=limits["cpu_s"])
    content = sys.stdin.buffer.read()
    try:
        answer = _answer(content, limits["most_pages"], limits["most_characters"])
    except UnsupportedMediaType as refusal:
        answer = {"unsupported": refusal.detected}
    except DocumentTooLarge as refusal:
        answer = {"too_large": refusal.reason, "limit": refusal.limit, "found": refusal.found}
    except UnreadableDocument as refusal:
        answer = {"unreadable": refusal.reason}
    except (MemoryError, RecursionError):
        answer = {"unreadable": Unreadable.TOO_COSTLY}
    sys.stdout.write(json.dumps(answer))


def _confine(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(content: bytes, most_pages: int, most_characters: int) -> dict[str, object]:
    media_type = sniff_media_type(content)
    if media_type is MediaType.PDF:
        pages = read_pdf(content, most_pages=most_pages, most_characters=most_characters)
    else:
        text = decode_text(content)
        if len(text) > most_characters:
            raise DocumentTooLarge(Unreadable.TOO_MUCH_TEXT, limit=most_characters, found=len(text))
        pages = read_markdown(text) if media_type is MediaType.MARKDOWN else read_plain_text(text)
    if not any(page.blocks for page in pages):
        raise UnreadableDocument(Unreadable.NO_TEXT)
    return {"media_type": media_type, "pages": [_as_json(page) for page in pages]}


def _as_json(page: Page) -> dict[str, object]:
    return {
        "number": page.number,
        "blocks": [[_storable(block.text), block.heading_level] for block in page.blocks],
    }


def _storable(text: str) -> str:
    """Without NUL, which PostgreSQL doesn't take, and halves of characters, which UTF-8 doesn't."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


if __name__ == "__main__":
    main()
