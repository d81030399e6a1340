"""`python -m ingest.main migrate|serve|dead-letters|outbox`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from contracts.ingest import IngestDocument
from ingest.adapters import tables
from ingest.adapters.files import FolderFiles
from ingest.adapters.minilm import MiniLmEmbedder, ModelMissing
from ingest.adapters.parsing import ParsingLimits, SubprocessParser
from ingest.adapters.qdrant_edge_index import IndexInUse, QdrantEdgeIndex
from ingest.adapters.sql import SqlIngestWork
from ingest.adapters.sql_reads import SqlDocumentReads
from ingest.adapters.sql_upkeep import SqlUpkeep
from ingest.application.ingest_document import IngestDocumentHandler
from ingest.application.keep_in_step import Housekeeping
from ingest.application.search_documents import SearchDocuments
from ingest.application.store_upload import StoreUpload
from ingest.domain.chunking import ChunkSizes
from ingest.entrypoints import http, kafka
from ingest.entrypoints.problems import PROBLEMS, problem_for
from ingest.entrypoints.upkeep import UpkeepLoop
from ingest.settings import IngestSettings
from storage.database import Database
from storage.delivery_store import SqlDeliveryStore
from web.commands import run_command
from web.service import Service


@dataclass(frozen=True, kw_only=True)
class Machinery:
    """What is beside the store: the model, the index, the files and their parser."""

    embedder: MiniLmEmbedder
    index: QdrantEdgeIndex
    files: FolderFiles
    parser: SubprocessParser

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.index.close()
            self.embedder.close()


async def serve() -> None:
    settings = IngestSettings()
    machinery = _machinery(settings)
    delivery = open_store(settings)
    service = Service("ingest", settings, delivery, problems=PROBLEMS)
    service.consume(
        kafka.TOPICS,
        kafka.HANDLERS,
        slow={IngestDocument: _handler(machinery, settings)},
        concurrency=settings.documents_at_once,
    )
    upkeep = _upkeep(machinery, settings, delivery.db)
    service.add_loop(upkeep.run)
    reads = SqlDocumentReads(delivery.db)
    await service.serve(
        [http.router],
        state={
            "reads": reads,
            "files": machinery.files,
            "search": SearchDocuments(
                embedder=machinery.embedder, index=machinery.index, reads=reads
            ),
            "store_upload": StoreUpload(
                files=machinery.files, reads=reads, limit_bytes=settings.upload_limit_bytes
            ),
        },
        checks={"index": upkeep.check},
        resources=[machinery.open()],
        streamed=("/uploads/",),
    )


def open_store(settings: IngestSettings) -> SqlDeliveryStore[SqlIngestWork]:
    return SqlDeliveryStore("ingest", settings.database_url, tables.delivery, SqlIngestWork)


def migrate() -> None:
    from storage.migrations import upgrade

    settings = IngestSettings()
    upgrade(settings.database_url, settings.migrations)


def main() -> int:
    try:
        return run_command("ingest", IngestSettings, open_store, migrate=migrate, serve=serve)
    except (ModelMissing, IndexInUse) as error:
        sys.stderr.write(f"ingest can't start: {error}\n")
        return 2


def _machinery(settings: IngestSettings) -> Machinery:
    embedder = MiniLmEmbedder(settings.model_dir, settings.embedding_threads)
    limits = ParsingLimits(
        memory_bytes=settings.parsing_memory_bytes,
        deadline_s=settings.parsing_deadline_s,
        most_pages=settings.most_pages,
        most_characters=settings.most_characters,
    )
    return Machinery(
        embedder=embedder,
        # The index is opened before the files: its lock keeps a second process from both.
        index=QdrantEdgeIndex(settings.data_dir / "index", embedder.model),
        files=FolderFiles(settings.data_dir / "files"),
        parser=SubprocessParser(limits, at_once=settings.documents_at_once),
    )


def _handler(machinery: Machinery, settings: IngestSettings) -> IngestDocumentHandler:
    return IngestDocumentHandler(
        files=machinery.files,
        parser=machinery.parser,
        embedder=machinery.embedder,
        index=machinery.index,
        problem_for=problem_for,
        sizes=ChunkSizes(most_chunks=settings.most_chunks),
    )


def _upkeep(machinery: Machinery, settings: IngestSettings, db: Database) -> UpkeepLoop:
    housekeeping = Housekeeping(
        store=SqlUpkeep(db),
        index=machinery.index,
        files=machinery.files,
        embedder=machinery.embedder,
    )
    return UpkeepLoop(
        housekeeping=housekeeping,
        unclaimed_after=timedelta(days=settings.unclaimed_upload_days),
    )


if __name__ == "__main__":
    sys.exit(main())
