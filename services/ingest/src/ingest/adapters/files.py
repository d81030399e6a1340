import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from ingest.application.ports import StoredFile
from ingest.domain.refusals import DocumentNotFound, DocumentTooLarge


class FolderFiles:
    """Documents as files of one folder, named by id: a name from a client never becomes a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def save(
        self, document_id: UUID, content: AsyncIterator[bytes], limit_bytes: int
    ) -> StoredFile:
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".part-")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as target:
                stored = await _copy(content, target, limit_bytes)
            await asyncio.to_thread(self._keep, part, document_id)
        finally:
            # There is nothing to remove once the part has got its name.
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return stored

    async def read(self, document_id: UUID) -> bytes:
        try:
            return await asyncio.to_thread(self._path(document_id).read_bytes)
        except FileNotFoundError:
            raise DocumentNotFound(document_id) from None

    async def remove(self, document_id: UUID) -> None:
        await asyncio.to_thread(self._path(document_id).unlink, missing_ok=True)

    def _path(self, document_id: UUID) -> Path:
        return self._folder / str(document_id)

    def _keep(self, part: Path, document_id: UUID) -> None:
        part.replace(self._path(document_id))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # The new name is in the folder, which has to reach the disk as well.
            os.fsync(folder)
        finally:
            os.close(folder)


async def _copy(content: AsyncIterator[bytes], target: BinaryIO, limit_bytes: int) -> StoredFile:
    digest = hashlib.sha256()
    size_bytes = 0
    async for piece in content:
        size_bytes += len(piece)
        if size_bytes > limit_bytes:
            raise DocumentTooLarge(limit_bytes=limit_bytes)
        digest.update(piece)
        await asyncio.to_thread(target.write, piece)
    await asyncio.to_thread(_flush_to_disk, target)
    return StoredFile(size_bytes=size_bytes, content_hash=digest.hexdigest())


def _flush_to_disk(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())
