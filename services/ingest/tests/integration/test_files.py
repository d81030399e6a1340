import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from ingest.adapters.files import FolderFiles
from ingest.domain.refusals import AlreadyExists, DocumentNotFound, FileTooLarge

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

    with pytest.raises(FileTooLarge) as refusal:
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


async def test_a_document_streams_in_pieces_and_one_that_is_not_there_says_so_first(
    tmp_path: Path,
) -> None:
    files = FolderFiles(tmp_path)
    await files.save(DOCUMENT, pieces(b"x" * 200_000), limit_bytes=200_000)

    parts = [part async for part in await files.stream(DOCUMENT)]

    assert len(parts) > 1
    assert b"".join(parts) == b"x" * 200_000
    with pytest.raises(DocumentNotFound):
        await files.stream(UUID(int=8))


async def test_a_document_is_not_replaced_by_content_of_another_hash(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    stored = await files.save(DOCUMENT, pieces(b"before"), limit_bytes=100)

    with pytest.raises(AlreadyExists):
        await files.save(
            DOCUMENT, pieces(b"after"), limit_bytes=100, content_hash=stored.content_hash
        )

    assert await files.read(DOCUMENT) == b"before"


async def test_files_are_told_apart_by_age(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.save(DOCUMENT, pieces(b"old"), limit_bytes=100)
    await files.save(UUID(int=8), pieces(b"new"), limit_bytes=100)
    os.utime(tmp_path / str(DOCUMENT), (1_000, 1_000))

    assert await files.saved_before(datetime.fromtimestamp(2_000, UTC)) == [DOCUMENT]


async def test_what_a_killed_process_left_half_written_is_gone_after_a_start(
    tmp_path: Path,
) -> None:
    (tmp_path / ".part-abc").write_bytes(b"half")

    FolderFiles(tmp_path)

    assert list(tmp_path.iterdir()) == []
