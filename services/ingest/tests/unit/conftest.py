from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import pytest
from services.ingest.tests.unit.fakes import (
    FakeEmbedder,
    FakeFiles,
    FakeIndex,
    FakeJob,
    OnePageParser,
    Shelf,
)

from contracts.ids import new_id
from contracts.ingest import IngestDocument
from ingest.application.ingest_document import IngestDocumentHandler
from ingest.domain.chunking import ChunkSizes
from ingest.entrypoints.problems import problem_for


@dataclass
class Desk:
    """The handler of IngestDocument among fakes."""

    shelf: Shelf = field(default_factory=Shelf)
    files: FakeFiles = field(default_factory=FakeFiles)
    parser: OnePageParser = field(default_factory=OnePageParser)
    index: FakeIndex = field(default_factory=FakeIndex)
    sizes: ChunkSizes = field(default_factory=ChunkSizes)

    def upload(
        self, content: bytes = b"Open at six.", document_id: UUID | None = None
    ) -> IngestDocument:
        document_id = document_id or new_id()
        self.files.contents[document_id] = content
        return IngestDocument(
            document_id=document_id,
            title="Hours",
            filename="hours.txt",
            content_type="text/plain",
            size_bytes=len(content),
            content_hash=sha256(content).hexdigest(),
        )

    async def ingest(self, command: IngestDocument) -> FakeJob:
        job = FakeJob(self.shelf)
        await self.handler(command, job)
        return job

    @property
    def handler(self) -> IngestDocumentHandler:
        return IngestDocumentHandler(
            files=self.files,
            parser=self.parser,
            embedder=FakeEmbedder(),
            index=self.index,
            problem_for=problem_for,
            sizes=self.sizes,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()
