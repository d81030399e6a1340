"""From a parsed document to the passages that are indexed and quoted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from ingest.domain.chunks import Chunk, chunk_id
from ingest.domain.parsed import Block, Page
from ingest.domain.refusals import DocumentTooLarge, Unreadable
from ingest.domain.sections import HeadingPath, Section, read_sections, shared_path
from ingest.domain.sentences import estimate_tokens, split_long, split_sentences


@dataclass(frozen=True)
class ChunkSizes:
    """A section under `least_tokens` joins the next one; one over `most_tokens` is cut.

    Where a paragraph is cut, the next chunk repeats its last sentence, if that has at most
    `overlap_tokens`. A document of more than `most_chunks` is refused.
    """

    most_tokens: int = 400
    least_tokens: int = 40
    overlap_tokens: int = 40
    most_chunks: int = 1_500


@dataclass(frozen=True)
class _Unit:
    """A sentence or a line, moved whole, and what separates it from the one before."""

    separator: str
    text: str


@dataclass(frozen=True)
class _Passage:
    path: HeadingPath
    page: int | None
    text: str


def chunk_document(
    document_id: UUID, title: str, pages: Iterable[Page], sizes: ChunkSizes = ChunkSizes()
) -> list[Chunk]:
    """Chunks in reading order. Every word of the pages is in a chunk's text or heading path.

    Raises DocumentTooLarge.
    """
    passages = list(_passages(read_sections(pages), sizes))
    if len(passages) > sizes.most_chunks:
        raise DocumentTooLarge(
            Unreadable.TOO_MANY_PASSAGES, limit=sizes.most_chunks, found=len(passages)
        )
    return [
        Chunk(
            id=chunk_id(document_id, position),
            document_id=document_id,
            position=position,
            title=title,
            heading_path=tuple(heading.text for heading in passage.path),
            page=passage.page,
            text=passage.text,
        )
        for position, passage in enumerate(passages)
    ]


def _passages(sections: Sequence[Section], sizes: ChunkSizes) -> Iterator[_Passage]:
    for group in _join_short_sections(sections, sizes):
        if len(group) > 1:
            yield _joined(group)
        else:
            yield from _cut(group[0], sizes)


def _join_short_sections(sections: Sequence[Section], sizes: ChunkSizes) -> Iterator[list[Section]]:
    group: list[Section] = []
    for section in sections:
        fits = (
            group
            and group[0].page == section.page
            and estimate_tokens(_joined(group).text) < sizes.least_tokens
            and estimate_tokens(_joined([*group, section]).text) <= sizes.most_tokens
        )
        if group and not fits:
            yield group
            group = []
        group.append(section)
    if group:
        yield group


def _joined(group: Sequence[Section]) -> _Passage:
    """Several sections as one passage: the headings they don't share become lines of its text."""
    shared = shared_path([section.path for section in group])
    parts: list[str] = []
    above = shared
    for section in group:
        known = len(shared_path([above, section.path]))
        parts += [heading.text for heading in section.path[known:]]
        parts += [block.text for block in section.body]
        above = section.path
    return _Passage(shared, group[0].page, "\n\n".join(parts))


def _cut(section: Section, sizes: ChunkSizes) -> Iterator[_Passage]:
    if not section.body:
        yield _Passage(section.path[:-1], section.page, section.path[-1].text)
        return
    units = list(_units(section.body, sizes.most_tokens))
    for text in _pack(units, sizes):
        yield _Passage(section.path, section.page, text)


def _units(body: Iterable[Block], most_tokens: int) -> Iterator[_Unit]:
    for block in body:
        separator = "\n\n"
        for line in filter(str.strip, block.text.split("\n")):
            for sentence in split_sentences(line):
                for piece in _pieces(sentence, most_tokens):
                    yield _Unit(separator, piece)
                    separator = " "
            separator = "\n"


def _pieces(sentence: str, most_tokens: int) -> Iterator[str]:
    if estimate_tokens(sentence) <= most_tokens:
        yield sentence
    else:
        yield from split_long(sentence, most_tokens)


def _pack(units: Sequence[_Unit], sizes: ChunkSizes) -> Iterator[str]:
    # Cutting into even parts leaves no last chunk of one sentence.
    total = sum(estimate_tokens(unit.text) for unit in units)
    parts = -(-total // sizes.most_tokens)
    enough = total / parts
    text = ""
    last = units[0]
    for unit in units:
        longer = f"{text}{unit.separator}{unit.text}" if text else unit.text
        at_paragraph = unit.separator == "\n\n" and estimate_tokens(text) >= 0.8 * enough
        if text and (
            at_paragraph or estimate_tokens(longer) > min(1.1 * enough, sizes.most_tokens)
        ):
            yield text
            longer = _begin(last, unit, sizes)
        text, last = longer, unit
    yield text


def _begin(last: _Unit, unit: _Unit, sizes: ChunkSizes) -> str:
    overlapping = f"{last.text} {unit.text}"
    if (
        unit.separator == " "
        and estimate_tokens(last.text) <= sizes.overlap_tokens
        and estimate_tokens(overlapping) <= sizes.most_tokens
    ):
        return overlapping
    return unit.text
