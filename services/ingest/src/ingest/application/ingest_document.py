import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from contracts.ingest import DocumentFailed, DocumentProcessed, IngestDocument
from contracts.problems import Problem
from ingest.application.ports import (
    ChunkIndex,
    DocumentFiles,
    DocumentParser,
    Embedder,
    IngestJob,
    IngestWork,
)
from ingest.application.views import document_view
from ingest.domain.chunking import ChunkSizes, chunk_document
from ingest.domain.chunks import Chunk
from ingest.domain.documents import Document, DocumentStatus
from ingest.domain.parsed import ParsedDocument
from ingest.domain.refusals import (
    AlreadyExists,
    DocumentNotFound,
    DuplicateDocument,
    Refusal,
    UnfitDocument,
    UploadMissing,
)


@dataclass(frozen=True, kw_only=True)
class IngestDocumentHandler:
    """Makes an uploaded document searchable, or says why it can't be.

    The index comes first, the store's transaction second: search shows what the store knows, so
    nothing is seen half-done, and what a crash leaves in the index is replaced by the next try.
    """

    files: DocumentFiles
    parser: DocumentParser
    embedder: Embedder
    index: ChunkIndex
    problem_for: Callable[[Refusal], Problem]
    sizes: ChunkSizes = field(default_factory=ChunkSizes)

    async def __call__(self, command: IngestDocument, job: IngestJob) -> None:
        content = await self._uploaded(command)
        async with job.work() as work:
            await _begin(command, work)
        try:
            parsed = await self.parser.parse(content)
            chunks = await asyncio.to_thread(
                chunk_document, command.document_id, command.title, parsed.pages, self.sizes
            )
        except UnfitDocument as refusal:
            await self._fail(command, refusal, job)
            return
        vectors = await self.embedder.embed([chunk.searchable_text for chunk in chunks])
        await self.index.put(command.document_id, chunks, vectors)
        await self._finish(command, parsed, chunks, job)

    async def _uploaded(self, command: IngestDocument) -> bytes:
        try:
            content = await self.files.read(command.document_id)
        except DocumentNotFound:
            raise UploadMissing(command.document_id) from None
        digest = await asyncio.to_thread(sha256, content)
        if digest.hexdigest() != command.content_hash:
            raise UploadMissing(command.document_id)
        return content

    async def _fail(self, command: IngestDocument, refusal: UnfitDocument, job: IngestJob) -> None:
        async with job.finish() as work:
            document = await self._still_there(command, work, job)
            if document is None:
                return
            document.fail(refusal.reason)
            await work.documents.save(document)
            work.announce(
                DocumentFailed(document_id=document.id, title=document.title, error=refusal.reason),
                version=document.version,
            )
            work.refuse(job.id, self.problem_for(refusal))

    async def _finish(
        self, command: IngestDocument, parsed: ParsedDocument, chunks: list[Chunk], job: IngestJob
    ) -> None:
        async with job.finish() as work:
            document = await self._still_there(command, work, job)
            if document is None:
                return
            if twin := await work.documents.processed_with(document.content_hash):
                await work.documents.remove(document.id)
                work.refuse(job.id, self.problem_for(DuplicateDocument(twin)))
                return
            document.finish(
                page_count=parsed.page_count,
                chunk_count=len(chunks),
                embedding_model=self.embedder.model,
            )
            await work.documents.save(document)
            await work.documents.put_chunks(document.id, chunks)
            _announce_processed(document, len(chunks), work)
            work.succeed(job.id, document_view(document))

    async def _still_there(
        self, command: IngestDocument, work: IngestWork, job: IngestJob
    ) -> Document | None:
        """The document; or None, if it was removed meanwhile: then the job has ended here."""
        document = await work.documents.find(command.document_id)
        if document is None:
            # Its vectors may be in the index since its removal.
            await work.documents.remove(command.document_id)
            work.refuse(job.id, self.problem_for(DocumentNotFound(command.document_id)))
        return document


async def _begin(command: IngestDocument, work: IngestWork) -> None:
    """Store the document as `processing`; it is that already when a crash has ended a try."""
    if await work.documents.was_removed(command.document_id):
        raise DocumentNotFound(command.document_id)
    document = await work.documents.find(command.document_id)
    if document is None:
        if twin := await work.documents.processed_with(command.content_hash):
            raise DuplicateDocument(twin)
        document = _uploaded_document(command)
        document.begin_processing()
        await work.documents.add(document)
        return
    if document.status is DocumentStatus.PROCESSED or _differs(document, command):
        raise AlreadyExists(document.id)
    document.begin_processing()
    await work.documents.save(document)


def _uploaded_document(command: IngestDocument) -> Document:
    return Document(
        id=command.document_id,
        title=command.title,
        filename=command.filename,
        content_type=command.content_type,
        size_bytes=command.size_bytes,
        content_hash=command.content_hash,
        created_at=datetime.now(UTC),
    )


def _differs(document: Document, command: IngestDocument) -> bool:
    return (document.content_hash, document.title) != (command.content_hash, command.title)


def _announce_processed(document: Document, chunk_count: int, work: IngestWork) -> None:
    work.announce(
        DocumentProcessed(
            document_id=document.id,
            title=document.title,
            content_hash=document.content_hash,
            page_count=document.page_count,
            chunk_count=chunk_count,
        ),
        version=document.version,
    )
