import pytest
from services.auth.tests.fakes import FakeStore, a_session

from auth.application.end_session import EndSession
from auth.domain.refusals import SessionNotFound
from contracts.auth import SessionRevoked
from contracts.ids import new_id


async def test_whoever_signs_out_ends_the_session_and_everybody_hears_of_it() -> None:
    session = a_session()
    store = FakeStore(session)
    await EndSession(begin=store.begin)(session.id, subject=session.subject)
    assert store.sessions[session.id].revoked_at
    assert store.events == [
        SessionRevoked(user_id=session.subject, session_id=session.id, reason="signed_out")
    ]


async def test_another_persons_session_is_not_there() -> None:
    session = a_session()
    store = FakeStore(session)
    with pytest.raises(SessionNotFound):
        await EndSession(begin=store.begin)(session.id, subject=new_id())
    assert store.sessions[session.id].revoked_at is None


async def test_a_session_ends_once() -> None:
    session = a_session()
    store = FakeStore(session)
    await EndSession(begin=store.begin)(session.id, subject=session.subject)
    with pytest.raises(SessionNotFound):
        await EndSession(begin=store.begin)(session.id, subject=session.subject)
    assert len(store.events) == 1
