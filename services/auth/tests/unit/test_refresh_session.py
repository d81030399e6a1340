import pytest
from services.auth.tests.fakes import FakeStore, FakeTokens, a_session, a_user

from auth.application.enter_anonymously import EnterAnonymously
from auth.application.refresh_session import RefreshSession
from auth.application.visitor import Visitor
from auth.domain.refresh_token import hash_of
from auth.domain.refusals import InvalidRefreshToken
from contracts.auth import RefreshRequest, SessionRevoked

FIRST = RefreshRequest(refresh_token="first")


def refreshing(store: FakeStore) -> RefreshSession:
    return RefreshSession(begin=store.begin, access_tokens=FakeTokens())


async def test_a_refresh_token_is_exchanged_for_a_new_one_with_the_roles_of_now() -> None:
    user = a_user(roles=frozenset({"staff"}))
    session = a_session(subject=user.id, token_hash=hash_of("first"))
    store = FakeStore(user, session)
    tokens = await refreshing(store)(FIRST)
    assert tokens.access_token == f"{user.id} staff {session.id}"
    assert store.sessions[session.id].accepts(hash_of(tokens.refresh_token))


async def test_a_used_refresh_token_ends_its_session_for_whoever_has_the_newest_too() -> None:
    user = a_user()
    session = a_session(subject=user.id, token_hash=hash_of("first"))
    store = FakeStore(user, session)
    newest = (await refreshing(store)(FIRST)).refresh_token
    with pytest.raises(InvalidRefreshToken):
        await refreshing(store)(FIRST)
    with pytest.raises(InvalidRefreshToken):
        await refreshing(store)(RefreshRequest(refresh_token=newest))
    assert store.events == [
        SessionRevoked(user_id=user.id, session_id=session.id, reason="refresh_token_reused")
    ]


async def test_an_unknown_refresh_token_is_refused() -> None:
    with pytest.raises(InvalidRefreshToken):
        await refreshing(FakeStore())(FIRST)


async def test_a_session_that_has_expired_is_not_renewed() -> None:
    user = a_user()
    session = a_session(subject=user.id, token_hash=hash_of("first"))
    store = FakeStore(user, session)
    await store.expire(session.id)
    with pytest.raises(InvalidRefreshToken):
        await refreshing(store)(FIRST)
    assert store.events == []


async def test_a_deactivated_user_gets_no_new_tokens() -> None:
    user = a_user(is_active=False)
    store = FakeStore(user, a_session(subject=user.id, token_hash=hash_of("first")))
    with pytest.raises(InvalidRefreshToken):
        await refreshing(store)(FIRST)


async def test_an_anonymous_visitor_stays_the_same_stranger_when_refreshed() -> None:
    store = FakeStore()
    enter = EnterAnonymously(begin=store.begin, access_tokens=FakeTokens())
    tokens = await enter(Visitor(address="192.0.2.1", user_agent="Netscape"))
    renewed = await refreshing(store)(RefreshRequest(refresh_token=tokens.refresh_token))
    assert renewed.access_token == tokens.access_token
    assert renewed.access_token.split()[1] == "anonymous"
    assert renewed.refresh_token != tokens.refresh_token
    assert store.users == {}
