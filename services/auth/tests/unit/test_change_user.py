import pytest
from services.auth.tests.fakes import FakeWork, a_session, a_user

from auth.application.change_profile import change_profile
from auth.application.change_user import change_user
from auth.domain.refusals import LastAdmin, StaleVersion, UserNotFound
from contracts.auth import ChangeProfile, ChangeUser, SessionRevoked, UserChanged
from contracts.ids import new_id


async def test_a_changed_name_is_announced_with_all_that_others_know_of_the_user() -> None:
    user, work = a_user(), FakeWork()
    work.knows(user)
    view = await change_profile(
        ChangeProfile(user_id=user.id, expected_version=1, name="Countess"), work
    )
    assert (view.name, view.version) == ("Countess", 2)
    assert work.announced == [
        UserChanged(user_id=user.id, name="Countess", roles=["customer"], is_active=True)
    ]
    assert work.versions == [2]


async def test_a_stale_version_changes_nothing() -> None:
    user, work = a_user(version=2), FakeWork()
    work.knows(user)
    with pytest.raises(StaleVersion):
        await change_profile(ChangeProfile(user_id=user.id, expected_version=1, name="X"), work)
    with pytest.raises(StaleVersion):
        await change_user(ChangeUser(user_id=user.id, expected_version=1, is_active=False), work)
    assert work.announced == []


async def test_somebody_unknown_is_refused() -> None:
    with pytest.raises(UserNotFound):
        await change_user(ChangeUser(user_id=new_id(), expected_version=1), FakeWork())


async def test_deactivating_a_user_ends_all_sessions_and_nobody_elses() -> None:
    user, work = a_user(), FakeWork()
    mine = [a_session(subject=user.id, token_hash=name) for name in ("a", "b")]
    other = a_session(token_hash="c")
    work.knows(user, *mine, other)
    await change_user(ChangeUser(user_id=user.id, expected_version=1, is_active=False), work)
    revoked = [event for event in work.announced if isinstance(event, SessionRevoked)]
    assert {event.session_id for event in revoked} == {session.id for session in mine}
    assert {event.reason for event in revoked} == {"user_deactivated"}
    assert [session.id for session in await work.sessions.live_of(other.subject)] == [other.id]


async def test_a_change_of_roles_keeps_the_sessions() -> None:
    user, work = a_user(), FakeWork()
    session = a_session(subject=user.id)
    work.knows(user, session)
    view = await change_user(
        ChangeUser(user_id=user.id, expected_version=1, roles=["staff", "customer"]), work
    )
    assert view.roles == ["customer", "staff"]
    assert len(await work.sessions.live_of(user.id)) == 1


async def test_the_last_admin_is_refused_and_stays() -> None:
    admin, work = a_user(roles=frozenset({"admin"})), FakeWork()
    retired = a_user(email="b@shop.example", roles=frozenset({"admin"}), is_active=False)
    work.knows(admin, retired)
    with pytest.raises(LastAdmin):
        await change_user(ChangeUser(user_id=admin.id, expected_version=1, roles=["staff"]), work)
    assert work.announced == []
