import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from ingest.adapters.files import FolderFiles
from ingest.domain.refusals import DocumentNotFound, DocumentTooLarge

DOCUMENT = UUID(int=7)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def interrupted() -> AsyncIterator[bytes]:
    yield b"half of it"
    raise ConnectionResetError


async def test_what_is_saved_is_read_back_with_its_size_and_hash(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)

    stored = await files.save(DOCUMENT, pieces(b"Harbour ", b"Lane"), limit_bytes=100)

    assert await files.read(DOCUMENT) == b"Harbour Lane"
    assert stored.size_bytes == 12
    assert stored.content_hash == hashlib.sha256(b"Harbour Lane").hexdigest()


async def test_a_document_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)

    with pytest.raises(DocumentTooLarge) as refusal:
        await files.save(DOCUMENT, pieces(b"x" * 60, b"x" * 60), limit_bytes=100)

    assert refusal.value.limit_bytes == 100
    assert list(tmp_path.iterdir()) == []


async def test_an_interrupted_upload_leaves_what_was_there_before(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.save(DOCUMENT, pieces(b"before"), limit_bytes=100)

    with pytest.raises(ConnectionResetError):
        await files.save(DOCUMENT, interrupted(), limit_bytes=100)

    assert await files.read(DOCUMENT) == b"before"
    assert len(list(tmp_path.iterdir())) == 1


async def test_a_removed_document_is_not_found_and_can_be_removed_again(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.save(DOCUMENT, pieces(b"gone"), limit_bytes=100)

    await files.remove(DOCUMENT)
    await files.remove(DOCUMENT)

    with pytest.raises(DocumentNotFound):
        await files.read(DOCUMENT)
