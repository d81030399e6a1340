import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pypdfium2
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

from ingest.domain.parsed import Block, Page
from ingest.domain.refusals import DocumentTooLarge, Unreadable, UnreadableDocument

_HEADING_IS_TALLER_BY = 1.12
_LONGEST_HEADING_CHARACTERS = 120
_LIST_ITEM = re.compile(r"(?:[-•*–▪◦]|\d{1,2}[.)])\s+\S")  # noqa: RUF001
_DIGITS = re.compile(r"\d+")
# PDFium marks a hyphen that it takes for a word's break at the end of a line with one of these.
_WORD_BREAKS = ("\ufffe", "\x02", "\xad")
_FEWEST_PAGES_WITH_RUNNING_LINES = 3


@dataclass(frozen=True)
class _Line:
    """A line as it stands on the page; heights and distances in points."""

    text: str
    height: float
    gap_above: float


@dataclass(frozen=True)
class _Style:
    """What is usual in this document, so that headings and paragraphs stand out from it."""

    heading_heights: tuple[float, ...]
    widest_gap_in_paragraph: float

    def heading_level(self, line: _Line) -> int | None:
        height = _rounded(line.height)
        if height not in self.heading_heights or len(line.text) > _LONGEST_HEADING_CHARACTERS:
            return None
        return self.heading_heights.index(height) + 1


def read_pdf(content: bytes, *, most_pages: int, most_characters: int) -> tuple[Page, ...]:
    """The text of a PDF by pages, without the lines that run along all of them."""
    with _open(content) as document:
        if len(document) > most_pages:
            raise DocumentTooLarge(Unreadable.TOO_MANY_PAGES, limit=most_pages, found=len(document))
        pages: list[list[_Line]] = []
        characters = 0
        for index in range(len(document)):
            pages.append(list(_read_lines(document, index)))
            characters += sum(len(line.text) for line in pages[-1])
            if characters > most_characters:
                raise DocumentTooLarge(Unreadable.TOO_MUCH_TEXT, limit=most_characters)
    pages = _without_running_lines(pages)
    style = _style_of([line for page in pages for line in page])
    return tuple(
        Page(number, tuple(_blocks(lines, style))) for number, lines in enumerate(pages, start=1)
    )


def _open(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code in {FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY}
        reason = Unreadable.ENCRYPTED if is_locked else Unreadable.DAMAGED
        raise UnreadableDocument(reason) from error


def _read_lines(document: pypdfium2.PdfDocument, index: int) -> Iterator[_Line]:
    try:
        page = document[index]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocument(Unreadable.DAMAGED) from error
    last_character = text_page.count_chars() - 1
    position = 0
    floor: float | None = None
    for raw in re.split(r"(\r?\n)", text_page.get_text_range()):
        line = raw.strip()
        if line:
            first = min(position + len(raw) - len(raw.lstrip()), last_character)
            _, bottom, _, top = text_page.get_charbox(first, loose=True)
            yield _Line(line, top - bottom, 0.0 if floor is None else floor - top)
            floor = bottom
        position += len(raw)
    text_page.close()
    page.close()


def _without_running_lines(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Headers and footers repeat on most pages, but for their numbers."""
    if len(pages) < _FEWEST_PAGES_WITH_RUNNING_LINES:
        return pages
    edges = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    running = {key for key, count in edges.items() if count > 0.6 * len(pages)}
    return [_trimmed(page, running) for page in pages]


def _edges(page: Sequence[_Line]) -> Sequence[_Line]:
    return [page[0], page[-1]] if page else []


def _key(line: _Line) -> str:
    return _DIGITS.sub("#", line.text)


def _trimmed(page: list[_Line], running: set[str]) -> list[_Line]:
    start = 1 if page and _key(page[0]) in running else 0
    end = len(page) - 1 if len(page) > start and _key(page[-1]) in running else len(page)
    return page[start:end]


def _style_of(lines: Sequence[_Line]) -> _Style:
    if not lines:
        return _Style((), 0.0)
    characters_by_height: Counter[float] = Counter()
    for line in lines:
        characters_by_height[_rounded(line.height)] += len(line.text)
    usual = characters_by_height.most_common(1)[0][0]
    taller = {height for height in characters_by_height if height > usual * _HEADING_IS_TALLER_BY}
    return _Style(tuple(sorted(taller, reverse=True)), _widest_gap_in_paragraph(lines, usual))


def _widest_gap_in_paragraph(lines: Sequence[_Line], usual_height: float) -> float:
    gaps = [
        line.gap_above
        for previous, line in pairwise(lines)
        if _rounded(previous.height) == _rounded(line.height) == usual_height
    ]
    return (median(gaps) if gaps else 0.0) + 0.3 * usual_height


def _rounded(height: float) -> float:
    return round(height * 2) / 2


def _blocks(lines: Iterable[_Line], style: _Style) -> Iterator[Block]:
    text = ""
    level: int | None = None
    for line in lines:
        next_level = style.heading_level(line)
        if text and (next_level != level or line.gap_above > style.widest_gap_in_paragraph):
            yield Block(text, level)
            text = ""
        level = next_level
        text = _continued(text, line.text)
    if text:
        yield Block(text, level)


def _continued(text: str, line: str) -> str:
    unbroken = line.rstrip("".join(_WORD_BREAKS))
    # The mark stays until the next line has been joined to it.
    line = unbroken + (_WORD_BREAKS[0] if unbroken != line else "")
    if not text:
        return line
    if text.endswith(_WORD_BREAKS):
        return text[:-1] + line
    return f"{text}\n{line}" if _LIST_ITEM.match(line) else f"{text} {line}"
