from dataclasses import dataclass
from uuid import UUID, uuid5


@dataclass(frozen=True)
class Chunk:
    """A passage small enough to be quoted. It never spans two pages: a citation names one."""

    id: UUID
    document_id: UUID
    position: int
    title: str
    heading_path: tuple[str, ...]
    page: int | None
    text: str

    @property
    def searchable_text(self) -> str:
        """With the words that stand above it, for a section seldom repeats its own heading."""
        return "\n".join((self.title, *self.heading_path, self.text))


def chunk_id(document_id: UUID, position: int) -> UUID:
    """The same place in a document gets the same id, so that indexing twice changes nothing."""
    return uuid5(document_id, str(position))
