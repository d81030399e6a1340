"""A page as a row of sections: what stands under one heading, before the next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ingest.domain.parsed import Block, Page

# Every chunk below a heading repeats it. A longer one is text, whatever its marks say.
_LONGEST_HEADING_CHARACTERS = 300


@dataclass(frozen=True)
class Heading:
    """`number` grows along the document, so two headings of the same words stay apart."""

    number: int
    level: int
    text: str


HeadingPath = tuple[Heading, ...]


@dataclass(frozen=True)
class Section:
    path: HeadingPath
    page: int | None
    body: tuple[Block, ...]


def read_sections(pages: Iterable[Page]) -> list[Section]:
    """Sections in reading order; a heading on one page also stands above the text of the next.

    A heading without text of its own is left out if it stands above the section that follows.
    """
    found = list(_read_pages(pages))
    followers = [*found[1:], None]
    return [
        section
        for section, follower in zip(found, followers, strict=False)
        if section.body or not _stands_above(section, follower)
    ]


def shared_path(paths: Sequence[HeadingPath]) -> HeadingPath:
    """The headings all the paths begin with."""
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*paths, strict=False))
    return tuple(column[0] for column in columns)


def _read_pages(pages: Iterable[Page]) -> Iterator[Section]:
    path: HeadingPath = ()
    for page in pages:
        body: list[Block] = []
        is_opened = False
        for block in page.blocks:
            if block.heading_level is None or len(block.text) > _LONGEST_HEADING_CHARACTERS:
                body.append(block)
                continue
            if body or is_opened:
                yield Section(path, page.number, tuple(body))
            path = _descend(path, block.heading_level, block.text)
            body, is_opened = [], True
        if body or is_opened:
            yield Section(path, page.number, tuple(body))


def _descend(path: HeadingPath, level: int, text: str) -> HeadingPath:
    number = path[-1].number + 1 if path else 1
    above = takewhile(lambda heading: heading.level < level, path)
    return (*above, Heading(number, level, text))


def _stands_above(section: Section, follower: Section | None) -> bool:
    return follower is not None and follower.path[: len(section.path)] == section.path
