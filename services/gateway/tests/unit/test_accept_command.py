import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from services.gateway.tests.fakes import ADA, EVE, FakeStore, an_operation

from contracts.ids import new_id
from contracts.ledger import OpenAccount
from gateway.application.accept_command import AcceptCommand
from gateway.domain.operation import Operation
from gateway.domain.refusals import IdempotencyKeyReused


def a_command(owner_id: UUID = ADA) -> OpenAccount:
    return OpenAccount(account_id=new_id(), owner_id=owner_id, currency="EUR")


async def accept(
    store: FakeStore, key: str | None = None, *, body: str = "body", subject: UUID = ADA
) -> Operation:
    accept = AcceptCommand(begin=store.begin)
    return await accept(a_command(subject), subject=subject, fingerprint=body, key=key)


async def test_the_operation_and_its_command_share_an_id_and_are_kept_together() -> None:
    store = FakeStore()
    operation = await accept(store)
    assert store.operations == {operation.id: operation}
    assert list(store.committed.asked) == [operation.id]
    assert (operation.command, operation.state, operation.subject) == (
        "OpenAccount",
        "accepted",
        ADA,
    )
    assert store.actors == [ADA]


async def test_a_command_can_have_an_id_of_its_own_and_a_repetition_finds_the_first() -> None:
    store, ids = FakeStore(), [new_id(), new_id()]
    accept = AcceptCommand(begin=store.begin)
    operations = [
        await accept(a_command(), subject=ADA, fingerprint="body", key="key", command_id=id)
        for id in ids
    ]
    assert [operation.id for operation in operations] == [ids[0], ids[0]]
    assert list(store.committed.asked) == [ids[0]]


async def test_the_same_key_with_the_same_body_is_the_same_operation() -> None:
    store = FakeStore()
    assert await accept(store, "key") == await accept(store, "key")
    assert len(store.committed.asked) == 1


async def test_the_same_key_with_another_body_is_refused_and_asks_nothing() -> None:
    store = FakeStore()
    first = await accept(store, "key")
    with pytest.raises(IdempotencyKeyReused) as refused:
        await accept(store, "key", body="another body")
    assert refused.value.operation_id == first.id
    assert list(store.committed.asked) == [first.id]


async def test_a_key_belongs_to_whoever_sent_it() -> None:
    store = FakeStore()
    assert await accept(store, "key") != await accept(store, "key", subject=EVE)
    assert len(store.committed.asked) == 2


async def test_without_a_key_every_request_is_an_operation_of_its_own() -> None:
    store = FakeStore()
    operations = await asyncio.gather(accept(store), accept(store))
    assert len({operation.id for operation in operations}) == 2


async def test_whoever_loses_a_race_for_a_key_gets_the_operation_that_won() -> None:
    store = FakeStore()
    store.rival = an_operation(idempotency_key="key", fingerprint="body")
    winner = store.rival
    assert await accept(store, "key") == winner
    assert list(store.operations) == [winner.id]
    assert not store.committed.asked


async def test_whoever_loses_a_race_with_another_body_is_refused() -> None:
    store = FakeStore()
    store.rival = an_operation(idempotency_key="key", fingerprint="another body")
    with pytest.raises(IdempotencyKeyReused):
        await accept(store, "key")


async def test_an_outcome_that_is_there_already_comes_with_the_operation() -> None:
    known = an_operation(idempotency_key="key", fingerprint="body")
    known.finish("succeeded", result={}, problem=None, at=known.created_at + timedelta(seconds=1))
    assert (await accept(FakeStore(known), "key")).is_finished
