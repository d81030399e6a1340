import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from ingest.application.ports import StoredFile
from ingest.domain.refusals import AlreadyExists, DocumentNotFound, FileTooLarge

_PART = ".part-"
_PIECE_BYTES = 1 << 16


class FolderFiles:
    """Documents as files of one folder, named by id: a name from a client never becomes a path.

    One process has the folder: what it finds half-written at its start is nobody's, and goes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(f"{_PART}*"):
            part.unlink()

    async def save(
        self,
        document_id: UUID,
        content: AsyncIterator[bytes],
        limit_bytes: int,
        *,
        content_hash: str | None = None,
    ) -> StoredFile:
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=_PART)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as target:
                stored = await _copy(content, target, limit_bytes)
            if content_hash not in {None, stored.content_hash}:
                raise AlreadyExists(document_id)
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

    async def stream(self, document_id: UUID) -> AsyncIterator[bytes]:
        try:
            source = await asyncio.to_thread(self._path(document_id).open, "rb")
        except FileNotFoundError:
            raise DocumentNotFound(document_id) from None
        return _pieces(source)

    async def saved_before(self, moment: datetime) -> list[UUID]:
        return await asyncio.to_thread(self._saved_before, moment.timestamp())

    async def remove(self, document_id: UUID) -> None:
        await asyncio.to_thread(self._path(document_id).unlink, missing_ok=True)

    def _path(self, document_id: UUID) -> Path:
        return self._folder / str(document_id)

    def _saved_before(self, timestamp: float) -> list[UUID]:
        return [
            UUID(path.name)
            for path in self._folder.iterdir()
            if not path.name.startswith(_PART) and path.stat().st_mtime < timestamp
        ]

    def _keep(self, part: Path, document_id: UUID) -> None:
        part.replace(self._path(document_id))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # The new name is in the folder, which has to reach the disk as well.
            os.fsync(folder)
        finally:
            os.close(folder)


async def _pieces(source: BinaryIO) -> AsyncIterator[bytes]:
    with source:
        while piece := await asyncio.to_thread(source.read, _PIECE_BYTES):
            yield piece


async def _copy(content: AsyncIterator[bytes], target: BinaryIO, limit_bytes: int) -> StoredFile:
    digest = hashlib.sha256()
    size_bytes = 0
    async for piece in content:
        size_bytes += len(piece)
        if size_bytes > limit_bytes:
            raise FileTooLarge(limit_bytes=limit_bytes)
        digest.update(piece)
        await asyncio.to_thread(target.write, piece)
    await asyncio.to_thread(_flush_to_disk, target)
    return StoredFile(size_bytes=size_bytes, content_hash=digest.hexdigest())


def _flush_to_disk(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())
