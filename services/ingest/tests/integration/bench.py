"""Ingest on a real SQL store, with real files, parser and index; the embeddings are made up."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import numpy as np

from contracts.gateway import Outcome
from contracts.ids import new_id
from contracts.ingest import IngestDocument
from ingest.adapters.files import FolderFiles
from ingest.adapters.parsing import SubprocessParser
from ingest.adapters.qdrant_edge_index import QdrantEdgeIndex
from ingest.adapters.sql import SqlIngestWork
from ingest.adapters.sql_reads import SqlDocumentReads
from ingest.adapters.sql_upkeep import SqlUpkeep
from ingest.adapters.tables import delivery
from ingest.application.ingest_document import IngestDocumentHandler
from ingest.application.keep_in_step import Housekeeping
from ingest.application.ports import Vectors
from ingest.application.search_documents import SearchDocuments
from ingest.domain.chunking import chunk_document
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document
from ingest.domain.parsed import Block, Page
from ingest.entrypoints.kafka import HANDLERS
from ingest.entrypoints.problems import PROBLEMS, problem_for
from messaging.durable import Workers
from storage.delivery_store import SqlDeliveryStore
from testkit.records import record_of
from testkit.waiting import in_background, until
from testkit.workbench import Workbench, outcomes_of

MIGRATIONS = Path(__file__).parents[2] / "migrations"


class WordEmbedder:
    """Adds up one direction for each word: texts that share words are near each other."""

    model = "words"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), 384), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, crc32(word.encode()) % 384] += 1
        normed: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normed


@dataclass
class IngestBench:
    """What main.py puts together, but for broker and HTTP."""

    url: str
    folder: Path
    embedder: WordEmbedder = field(default_factory=WordEmbedder)

    def __post_init__(self) -> None:
        self.files = FolderFiles(self.folder / "files")
        self.index = QdrantEdgeIndex(self.folder / "index", self.embedder.model)
        self.bench = Workbench(
            "ingest",
            SqlDeliveryStore("ingest", self.url, delivery, SqlIngestWork),
            handlers=HANDLERS,
            problems=PROBLEMS,
            slow=frozenset({IngestDocument}),
        )
        self.reads = SqlDocumentReads(self.bench.delivery.db)
        self.upkeep = SqlUpkeep(self.bench.delivery.db)
        self.search = SearchDocuments(embedder=self.embedder, index=self.index, reads=self.reads)
        self.housekeeping = Housekeeping(
            store=self.upkeep, index=self.index, files=self.files, embedder=self.embedder
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["IngestBench"]:
        try:
            async with self.bench.running(), in_background(self._workers().run()):
                yield self
        finally:
            await self.index.close()

    async def upload(self, content: bytes, **fields: Any) -> IngestDocument:
        document_id = new_id()

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        await self.files.save(document_id, pieces(), limit_bytes=1 << 20)
        given: dict[str, Any] = {
            "document_id": document_id,
            "title": "Hours",
            "filename": "hours.txt",
            "content_type": "text/plain",
            "size_bytes": len(content),
            "content_hash": sha256(content).hexdigest(),
        }
        return IngestDocument(**given | fields)

    async def ingest(self, command: IngestDocument) -> Outcome:
        """As if the command had come by Kafka; returns when its outcome is in the outbox."""
        record = record_of(command, id=new_id())
        await self.bench.consume(record)
        command_id = UUID((dict(record.headers)["ce_id"] or b"").decode())
        outcomes: dict[UUID, Outcome] = {}

        async def is_settled() -> bool:
            outcomes.update(outcomes_of(await self.bench.sent("Outcome")))
            return command_id in outcomes

        await until(is_settled, at_most_s=60)
        return outcomes[command_id]

    def _workers(self) -> Workers[SqlIngestWork]:
        handler = IngestDocumentHandler(
            files=self.files,
            parser=SubprocessParser(),
            embedder=self.embedder,
            index=self.index,
            problem_for=problem_for,
        )
        return Workers(
            name="ingest",
            store=self.bench.delivery.store,
            jobs=self.bench.delivery.jobs,
            handlers={IngestDocument: handler},
            problems=PROBLEMS,
            wake=self.bench.delivery.jobs_wake,
            concurrency=2,
        )


def new_document(**fields: Any) -> Document:
    given: dict[str, Any] = {
        "id": new_id(),
        "title": "Hours",
        "filename": "hours.txt",
        "content_type": "text/plain",
        "size_bytes": 12,
        "content_hash": "0" * 64,
        "created_at": datetime.now(UTC),
    }
    document = Document(**given | fields)
    document.begin_processing()
    return document


def chunks_of(document: Document, *texts: str) -> list[Chunk]:
    pages = [
        Page(number, (Block("Hours", 1), Block(text))) for number, text in enumerate(texts, start=1)
    ]
    return chunk_document(document.id, document.title, pages)
