from datetime import UTC, datetime, timedelta

import pytest
from services.ingest.tests.unit.conftest import Desk
from services.ingest.tests.unit.fakes import MOMENT, FakeEmbedder, FakeWork, ShelfUpkeep

from contracts.ids import new_id
from ingest.application.keep_in_step import Housekeeping
from ingest.domain.chunks import Chunk
from ingest.entrypoints.upkeep import IndexNotReady, UpkeepLoop


@pytest.fixture
def housekeeping(desk: Desk) -> Housekeeping:
    return Housekeeping(
        store=ShelfUpkeep(desk.shelf),
        index=desk.index,
        files=desk.files,
        embedder=FakeEmbedder(),
    )


async def test_what_the_index_lost_is_put_into_it_again(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    command = desk.upload()
    await desk.ingest(command)
    lost = desk.index.chunks.pop(command.document_id)

    await housekeeping.reconcile()

    assert desk.index.chunks == {command.document_id: lost}


async def test_a_document_embedded_by_another_model_is_marked_with_the_new_one(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    command = desk.upload()
    await desk.ingest(command)
    desk.shelf.documents[command.document_id].embedding_model = "an-older-model"
    desk.index.chunks.clear()

    await housekeeping.reconcile()

    document = desk.shelf.documents[command.document_id]
    assert (document.embedding_model, document.version) == ("fake-model", 3)


async def test_what_the_store_does_not_know_leaves_the_index(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    unknown = new_id()
    desk.index.chunks[unknown] = [Chunk(new_id(), unknown, 0, "Ghost", (), None, "boo")]

    await housekeeping.reconcile()

    assert desk.index.chunks == {}


async def test_a_document_in_work_keeps_what_it_has_put_into_the_index(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    command = desk.upload()
    await desk.ingest(command)
    desk.shelf.documents[command.document_id].begin_processing()
    del desk.shelf.chunks[command.document_id]

    await housekeeping.reconcile()

    assert command.document_id in desk.index.chunks


async def test_a_removed_document_leaves_index_and_files_once_and_for_all(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    command = desk.upload()
    await desk.ingest(command)
    await FakeWork(desk.shelf).documents.remove(command.document_id)

    await housekeeping.finish_removals()

    assert (desk.index.chunks, desk.files.contents) == ({}, {})
    assert desk.shelf.forgotten == {command.document_id}


async def test_only_old_uploads_that_nobody_claimed_are_dropped(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    claimed, old, new = (desk.upload(text) for text in (b"claimed", b"old", b"new"))
    await desk.ingest(claimed)
    for command, age in ((claimed, 48), (old, 48), (new, 1)):
        desk.files.saved_at[command.document_id] = MOMENT - timedelta(hours=age)

    await housekeeping.drop_unclaimed(saved_before=MOMENT - timedelta(hours=24))

    assert desk.files.contents.keys() == {claimed.document_id, new.document_id}


async def test_an_upload_whose_accepted_command_still_waits_is_kept_however_old_it_is(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    waiting = desk.upload()
    desk.files.saved_at[waiting.document_id] = MOMENT - timedelta(days=400)
    desk.shelf.awaited.add(waiting.document_id)

    await housekeeping.drop_unclaimed(saved_before=MOMENT)

    assert desk.files.contents.keys() == {waiting.document_id}


async def test_no_upload_is_looked_at_in_the_first_day_of_a_process(
    desk: Desk, housekeeping: Housekeeping
) -> None:
    document_id = desk.upload().document_id
    desk.files.saved_at[document_id] = datetime.now(UTC) - timedelta(days=31)
    moments = iter([1000.0, 1000.0, 1000.0 + 24 * 3600 - 1, *[1000.0 + 24 * 3600] * 2])
    upkeep = UpkeepLoop(
        housekeeping=housekeeping,
        unclaimed_after=timedelta(days=30),
        clock=lambda: next(moments),
    )

    await upkeep.run_once()
    await upkeep.run_once()
    assert document_id in desk.files.contents, "its command may be in the log still"

    await upkeep.run_once()
    assert document_id not in desk.files.contents


async def test_the_service_is_not_ready_before_index_and_store_agree(
    housekeeping: Housekeeping,
) -> None:
    upkeep = UpkeepLoop(housekeeping=housekeeping, unclaimed_after=timedelta(days=30))
    with pytest.raises(IndexNotReady):
        await upkeep.check()

    await upkeep.run_once()

    await upkeep.check()
