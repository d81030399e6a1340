import asyncio
import zlib
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission

from ingest.adapters.parsing import ParsingLimits, SubprocessParser
from ingest.domain.media_types import MediaType
from ingest.domain.refusals import UnfitDocument, Unreadable, UnsupportedMediaType


async def refusal_of(content: bytes, limits: ParsingLimits | None = None) -> Unreadable:
    with pytest.raises(UnfitDocument) as refusal:
        await SubprocessParser(limits or ParsingLimits()).parse(content)
    return refusal.value.reason


def pdf(*pages: str, lock: Callable[[FPDF], None] | None = None) -> bytes:
    book = FPDF()
    for text in pages:
        book.add_page()
        book.set_font("helvetica", size=11)
        if text:
            book.multi_cell(0, 6, text)
    if lock:
        lock(book)
    return bytes(book.output())


def pdf_with_page_content(content: bytes) -> bytes:
    """The smallest PDF whose only page runs this compressed program of drawing operators."""
    packed = zlib.compress(content, 9)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 " + font + b" >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
    ]
    objects = b"".join(b"%d 0 obj\n%b\nendobj\n" % pair for pair in enumerate(bodies, start=1))
    return b"%PDF-1.4\n" + objects + b"trailer << /Size 5 /Root 1 0 R >>\n%%EOF"


async def test_a_pdf_gives_its_pages_with_headings_and_without_footers(samples: Path) -> None:
    parsed = await SubprocessParser().parse((samples / "handbook.pdf").read_bytes())

    assert parsed.media_type is MediaType.PDF
    assert parsed.page_count == 7
    second = parsed.pages[1]
    assert second.number == 2
    assert [block.text for block in second.blocks if block.heading_level] == [
        "2. Membership and fees",
        "Annual fees",
        "Paying",
        "Joining during the year",
        "Guests",
    ]
    body = [block.text for block in second.blocks if not block.heading_level]
    assert body[0] == (
        "Membership runs from 1 April to 31 March. There are four kinds of membership, "
        "and the fee is due within 30 days of the invoice."
    )
    assert body[1].split("\n")[0] == "- Adult membership costs EUR 360 a year."
    assert not any("page 2" in block.text for block in second.blocks)


async def test_markdown_has_no_pages(samples: Path) -> None:
    parsed = await SubprocessParser().parse((samples / "shop-and-returns.md").read_bytes())

    assert parsed.media_type is MediaType.MARKDOWN
    assert parsed.page_count is None
    assert "Post within the country: Cost EUR 4.90; Time 3 to 5 working days" in "\n".join(
        block.text for block in parsed.pages[0].blocks
    )


async def test_a_type_that_is_not_read_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        await SubprocessParser().parse(b"PK\x03\x04 an archive")

    assert refusal.value.detected == "application/zip"


async def test_an_encrypted_pdf_is_refused() -> None:
    def lock(book: FPDF) -> None:
        book.set_encryption(
            owner_password="owner", user_password="reader", permissions=AccessPermission.none()
        )

    assert await refusal_of(pdf("secret", lock=lock)) is Unreadable.ENCRYPTED


async def test_a_damaged_pdf_is_refused() -> None:
    assert await refusal_of(b"%PDF-1.7\nnothing of the kind") is Unreadable.DAMAGED


async def test_a_pdf_of_pictures_alone_is_refused_for_having_no_text() -> None:
    assert await refusal_of(pdf("")) is Unreadable.NO_TEXT


async def test_an_empty_text_is_refused_for_having_no_text() -> None:
    assert await refusal_of(b" \n\n ") is Unreadable.NO_TEXT


async def test_more_pages_than_allowed_are_refused() -> None:
    limits = ParsingLimits(most_pages=2)

    assert await refusal_of(pdf("1", "2", "3"), limits) is Unreadable.TOO_MANY_PAGES


@pytest.mark.parametrize("content", [pdf("word " * 50), b"word " * 50])
async def test_more_text_than_allowed_is_refused(content: bytes) -> None:
    limits = ParsingLimits(most_characters=100)

    assert await refusal_of(content, limits) is Unreadable.TOO_MUCH_TEXT


async def test_a_pdf_that_unpacks_beyond_its_memory_is_refused_as_too_costly() -> None:
    program = b"BT /F1 9 Tf " + b"1 0 0 1 9 9 Tm (aaaaaaaa) Tj " * 12_000_000 + b"ET"
    bomb = pdf_with_page_content(program)
    assert len(bomb) < 2_000_000
    limits = ParsingLimits(memory_bytes=512 << 20, deadline_s=20)

    assert await refusal_of(bomb, limits) is Unreadable.TOO_COSTLY


async def test_a_document_that_takes_too_long_is_refused() -> None:
    limits = ParsingLimits(deadline_s=0)

    assert await refusal_of(b"Open at six.", limits) is Unreadable.TOO_COSTLY


async def test_a_document_that_takes_too_much_processor_time_is_refused() -> None:
    program = b"BT /F1 9 Tf " + b"(a) Tj " * 1_500_000 + b"ET"
    limits = ParsingLimits(cpu_s=1, most_characters=100_000_000)

    assert await refusal_of(pdf_with_page_content(program), limits) is Unreadable.TOO_COSTLY


async def test_a_cancelled_parse_leaves_no_process_behind() -> None:
    parser = SubprocessParser(at_once=1)
    program = b"BT /F1 9 Tf " + b"(a) Tj " * 1_500_000 + b"ET"
    task = asyncio.create_task(parser.parse(pdf_with_page_content(program)))
    worker = await asyncio.to_thread(first_worker)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert worker not in worker_ids()


def first_worker() -> int:
    while not (found := worker_ids()):
        pass
    return found[0]


def worker_ids() -> list[int]:
    children = psutil.Process().children()
    return [child.pid for child in children if "ingest.adapters.parsing_worker" in child.cmdline()]


async def test_text_that_a_store_could_not_hold_is_mended() -> None:
    from ingest.adapters.parsing_worker import _storable

    assert _storable("a\0b\ud800c") == "ab?c"
