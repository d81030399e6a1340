"""Markdown and plain text, as far as their structure matters to a reader of passages."""

import re
from collections.abc import Iterator
from itertools import groupby

from ingest.domain.parsed import Block, Page

_ATX_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_SETEXT_UNDERLINE = re.compile(r"(=+|-{2,})\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+\S")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_INLINE = (
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
)
_WRAPPED_LINE_CHARACTERS = 40


def read_markdown(text: str) -> tuple[Page, ...]:
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return _one_page(_markdown_blocks(text))


def read_plain_text(text: str) -> tuple[Page, ...]:
    paragraphs = re.split(r"\n\s*\n", text)
    return _one_page(Block(_unwrapped(paragraph)) for paragraph in paragraphs)


def _one_page(blocks: Iterator[Block]) -> tuple[Page, ...]:
    return (Page(None, tuple(block for block in blocks if block.text.strip())),)


def _unwrapped(paragraph: str) -> str:
    """Lines that were broken at a margin are joined; short ones are lines on purpose."""
    joined = ""
    previous = ""
    for line in map(str.strip, paragraph.strip().split("\n")):
        is_wrapped = len(previous) > _WRAPPED_LINE_CHARACTERS and not _LIST_ITEM.match(line)
        joined += (" " if is_wrapped else "\n") + line if joined else line
        previous = line
    return joined


def _markdown_blocks(text: str) -> Iterator[Block]:
    for is_code, lines in _by_fences(text.split("\n")):
        if is_code:
            yield Block("\n".join(lines))
            continue
        for is_blank, paragraph in groupby(lines, key=lambda line: not line.strip()):
            if not is_blank:
                yield from _paragraph_blocks(list(paragraph))


def _by_fences(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    is_code = False
    gathered: list[str] = []
    for line in lines:
        if _FENCE.match(line):
            yield is_code, gathered
            gathered, is_code = [], not is_code
        else:
            gathered.append(line)
    yield is_code, gathered


def _paragraph_blocks(lines: list[str]) -> Iterator[Block]:
    if len(lines) > 1 and "|" in lines[0] and _TABLE_RULE.match(lines[1]):
        yield Block("\n".join(_table_rows(lines)))
        return
    text = ""
    for line in lines:
        heading = _ATX_HEADING.match(line)
        underline = _SETEXT_UNDERLINE.match(line) if text and "\n" not in text else None
        if heading:
            yield Block(text)
            yield Block(heading[2], len(heading[1]))
            text = ""
        elif underline:
            yield Block(text, 1 if underline[1].startswith("=") else 2)
            text = ""
        else:
            separator = "\n" if _LIST_ITEM.match(line) else " "
            text = f"{text}{separator}{line.strip()}" if text else line.strip()
    yield Block(text)


def _table_rows(lines: list[str]) -> Iterator[str]:
    """A row reads as a line that names its columns, and so can be found and quoted by itself."""
    _, *columns = _cells(lines[0])
    for line in lines[2:]:
        first, *values = _cells(line)
        named = [
            f"{column} {value}".strip()
            for column, value in zip(columns, values, strict=False)
            if value
        ]
        extra = values[len(columns) :]
        yield f"{first}: {'; '.join([*named, *extra])}" if named or extra else first


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
