"""Sets samples/handbook.pdf from handbook.md beside this file; same source, same bytes."""

from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

_SOURCE = Path(__file__).resolve().parent / "handbook.md"
_TARGET = Path(__file__).resolve().parents[2] / "samples" / "handbook.pdf"
_EDITION = datetime(2026, 9, 1, tzinfo=UTC)
_NAVY = (24, 42, 84)
_MARGIN_MM = 22


class Handbook(FPDF):
    """A4, one chapter a page, in a font that every reader has built in."""

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("helvetica", size=8)
        self.cell(0, 8, f"Harbour Lane Rowing Club - page {self.page_no()}", align="C")


def main() -> None:
    build(_SOURCE.read_text(encoding="utf-8"), _TARGET)


def build(source: str, target: Path) -> None:
    book = Handbook(format="A4")
    book.set_creation_date(_EDITION)
    book.set_title("Members' Handbook")
    book.set_author("Harbour Lane Rowing Club")
    book.set_lang("en")
    book.set_margin(_MARGIN_MM)
    book.set_auto_page_break(True, margin=_MARGIN_MM)
    book.add_page()
    for block in filter(None, (block.strip() for block in source.split("\n\n"))):
        _set_block(book, block)
    target.parent.mkdir(parents=True, exist_ok=True)
    book.output(str(target))


def _set_block(book: FPDF, block: str) -> None:
    marks, _, words = block.partition(" ")
    if marks == "#":
        _set_heading(book, words, size_pt=20)
    elif marks == "##":
        # The first chapter shares its page with the title.
        if not words.startswith("1."):
            book.add_page()
        _set_heading(book, words, size_pt=16)
    elif marks == "###":
        _set_heading(book, words, size_pt=13)
    elif marks == "-":
        for line in block.splitlines():
            _set_text(book, line, indent_mm=4, space_after_mm=1)
        book.ln(2)
    else:
        _set_text(book, block, indent_mm=0, space_after_mm=2.5)


def _set_heading(book: FPDF, words: str, size_pt: float) -> None:
    book.ln(3)
    book.set_text_color(*_NAVY)
    book.set_font("helvetica", style="B", size=size_pt)
    book.multi_cell(0, size_pt * 0.45, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    book.set_text_color(0)
    book.ln(2)


def _set_text(book: FPDF, words: str, indent_mm: float, space_after_mm: float) -> None:
    book.set_font("helvetica", size=11)
    book.set_x(book.l_margin + indent_mm)
    book.multi_cell(0, 5.4, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    book.ln(space_after_mm)


if __name__ == "__main__":
    main()
