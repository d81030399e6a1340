import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from contracts.ingest import StoredUpload
from ingest.application.ports import DocumentFiles, DocumentReads
from ingest.domain.filenames import clean_filename
from ingest.domain.media_types import sniff_media_type
from ingest.domain.refusals import FileTooLarge, UnsupportedMediaType


@dataclass(frozen=True, kw_only=True)
class StoreUpload:
    """Takes the bytes of a document before its command comes.

    The same bytes may come again at any time; once a command has claimed them, no others may.
    """

    files: DocumentFiles
    reads: DocumentReads
    limit_bytes: int

    async def __call__(
        self,
        document_id: UUID,
        filename: str,
        content: AsyncIterator[bytes],
        *,
        announced_bytes: int = 0,
    ) -> StoredUpload:
        if announced_bytes > self.limit_bytes:
            raise FileTooLarge(limit_bytes=self.limit_bytes)
        claimed = await self.reads.content_hash(document_id)
        stored = await self.files.save(document_id, content, self.limit_bytes, content_hash=claimed)
        try:
            media_type = await asyncio.to_thread(
                sniff_media_type, await self.files.read(document_id)
            )
        except UnsupportedMediaType:
            await self.files.remove(document_id)
            raise
        return StoredUpload(
            document_id=document_id,
            filename=clean_filename(filename),
            content_type=media_type.value,
            size_bytes=stored.size_bytes,
            content_hash=stored.content_hash,
        )
