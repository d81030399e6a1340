from dataclasses import dataclass

from ingest.domain.media_types import MediaType


@dataclass(frozen=True)
class Block:
    """A heading, or a paragraph, list or table between headings."""

    text: str
    heading_level: int | None = None


@dataclass(frozen=True)
class Page:
    """The blocks of one page; `number` counts from 1, and is None where the format has no pages."""

    number: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ParsedDocument:
    media_type: MediaType
    pages: tuple[Page, ...]

    @property
    def page_count(self) -> int | None:
        """How many pages a reader could turn; None where the format has no pages."""
        return len(self.pages) if self.media_type is MediaType.PDF else None
