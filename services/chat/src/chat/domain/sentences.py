"""The sentences of a passage and where they stand in it, so that they can be quoted verbatim."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"[^\n]+")
_BULLET: Final = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s+")  # noqa: RUF001
_END: Final = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9À-ÞА-Я])")  # noqa: RUF001
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|Nos?|Mrs?|Ms|Dr|St|vs|approx|pp?|[A-Z])\.\s*$"
)
_LEANS_BACK: Final = re.compile(
    r"(?:He|She|It|They|This|These|Those|Then|There|Otherwise|In (?:this|these|that|those))\b"
)
_HEADING_CHARS: Final = 80


@dataclass(frozen=True)
class Sentence:
    """`start` and `end` are its place in the passage; `heading` stands above it there."""

    start: int
    end: int
    text: str
    heading: str = ""

    @property
    def leans_on_the_one_before(self) -> bool:
        """Does it open with a word that means nothing without the sentence before?"""
        return _LEANS_BACK.match(self.text) is not None


def split_sentences(passage: str) -> list[Sentence]:
    """In reading order. List items and rows stand for themselves; headings are not sentences."""
    found: list[Sentence] = []
    heading = ""
    for line in _LINE.finditer(passage):
        if _is_heading(passage, line):
            heading = line[0].strip()
            continue
        bullet = _BULLET.match(line[0])
        start = line.start() + (bullet.end() if bullet else 0)
        found += (
            Sentence(begin, end, passage[begin:end], heading)
            for begin, end in _spans(passage, start, line.end())
        )
    return found


def _is_heading(passage: str, line: re.Match[str]) -> bool:
    text = line[0].strip()
    stands_alone = passage[: line.start()].endswith("\n\n") or not passage[: line.start()].strip()
    stands_above = passage[line.end() :].startswith("\n\n")
    reads_like_one = len(text) <= _HEADING_CHARS and text[-1:] not in ".!?…:;," and ": " not in text
    return stands_alone and stands_above and reads_like_one


def _spans(passage: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for mark in _END.finditer(passage, start, end):
        if _ABBREVIATION.search(passage[begin : mark.end()]):
            continue
        yield _trimmed(passage, begin, mark.end())
        begin = mark.end()
    if passage[begin:end].strip():
        yield _trimmed(passage, begin, end)


def _trimmed(passage: str, start: int, end: int) -> tuple[int, int]:
    text = passage[start:end]
    return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
