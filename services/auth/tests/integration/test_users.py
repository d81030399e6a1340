import asyncio
import json
from uuid import UUID

from services.auth.tests.fakes import a_user
from services.auth.tests.integration.conftest import ADMIN, RunningAuth

from auth.domain.user import User
from contracts.auth import ChangeProfile, ChangeUser
from contracts.gateway import Outcome
from contracts.ids import new_id
from testkit.records import record_of
from testkit.workbench import outcomes_of


async def add(auth: RunningAuth, *users: User) -> None:
    async with auth.begin("Test", actor=None) as work:
        for user in users:
            await work.users.add(user)


def slug(outcome: Outcome) -> str:
    assert outcome.problem
    return outcome.problem.type


async def test_staff_find_a_user_by_the_whole_e_mail_address(auth: RunningAuth) -> None:
    admin = await auth.become_admin()
    user = await auth.register()
    found = (await auth.get("/users?email=ADA@shop.example", admin)).json()
    assert found == {"items": [user.model_dump(mode="json")], "next": None}
    assert (await auth.get("/users?email=da@shop.example", admin)).json()["items"] == []


async def test_staff_page_through_all_users_newest_first(auth: RunningAuth) -> None:
    admin = await auth.become_admin()
    ids = [str((await auth.register(email=f"{n}@shop.example")).id) for n in range(4)]
    first = (await auth.get("/users?limit=3", admin)).json()
    second = (await auth.get(f"/users?limit=3&after={first['next']}", admin)).json()
    listed = [user["id"] for user in first["items"] + second["items"]]
    assert listed[:4] == ids[::-1]
    assert (len(listed), second["next"]) == (5, None)


async def test_a_parameter_that_nobody_knows_or_a_wrong_cursor_is_a_bad_query(
    auth: RunningAuth,
) -> None:
    admin = await auth.become_admin()
    for query in ("name=Ada", "email=nobody", "limit=0", "after=%21"):
        answer = await auth.get(f"/users?{query}", admin)
        assert answer.status_code == 400, query
        assert answer.headers["content-type"] == "application/problem+json"


async def test_users_are_for_staff(auth: RunningAuth) -> None:
    user = await auth.register()
    token = (await auth.log_in())["access_token"]
    for path in ("/users", f"/users/{user.id}"):
        assert (await auth.get(path, token)).status_code == 403


async def test_a_user_is_read_with_an_etag_and_an_unknown_one_is_not_there(
    auth: RunningAuth,
) -> None:
    admin = await auth.become_admin()
    user = await auth.register()
    read = await auth.get(f"/users/{user.id}", admin)
    assert (read.json()["email"], read.headers["etag"]) == ("ada@shop.example", '"v1"')
    again = await auth.get(f"/users/{user.id}", admin, **{"If-None-Match": '"v1"'})
    assert again.status_code == 304
    unknown = await auth.get(f"/users/{new_id()}", admin)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/user-not-found")


async def test_the_first_admin_is_created_once_however_often_auth_starts(
    auth: RunningAuth,
) -> None:
    await auth.become_admin()
    token = await auth.become_admin()
    assert (await auth.verifier.verify(token)).roles == {"admin"}
    found = (await auth.get(f"/users?email={ADMIN['email']}", token)).json()["items"]
    assert [(user["roles"], user["version"]) for user in found] == [(["admin"], 2)]
    sequences = [
        (message.headers["ce_type"], message.headers["ce_sequence"])
        for message in await auth.bench.sent()
    ]
    assert sequences == [("UserRegistered", "1"), ("UserChanged", "2")]


async def test_a_changed_profile_is_answered_announced_and_read(auth: RunningAuth) -> None:
    user = await auth.register()
    token = (await auth.log_in())["access_token"]
    outcome = await auth.bench.handle(
        ChangeProfile(user_id=user.id, expected_version=1, name="Countess")
    )
    me = await auth.get("/users/me", token)
    assert outcome.result == me.json()
    assert me.headers["etag"] == '"v2"'
    [event] = await auth.bench.sent("UserChanged")
    assert json.loads(event.value)["name"] == "Countess"


async def test_a_stale_version_is_refused_and_changes_nothing(auth: RunningAuth) -> None:
    user = await auth.register()
    command = ChangeProfile(user_id=user.id, expected_version=1, name="Countess")
    await auth.bench.handle(command)
    outcome = await auth.bench.handle(command.model_copy(update={"name": "Duchess"}))
    assert (outcome.state, slug(outcome)) == ("refused", "/problems/stale-version")
    assert outcome.problem
    assert outcome.problem.status == 412
    assert (await auth.reads.user(user.id)).name == "Countess"


async def test_new_roles_are_in_the_next_access_token(auth: RunningAuth) -> None:
    user = await auth.register()
    tokens = await auth.log_in()
    await auth.bench.handle(ChangeUser(user_id=user.id, expected_version=1, roles=["staff"]))
    renewed = (await auth.refresh(tokens["refresh_token"])).json()
    assert (await auth.verifier.verify(renewed["access_token"])).roles == {"staff"}


async def test_a_deactivated_user_is_signed_out_everywhere(auth: RunningAuth) -> None:
    user = await auth.register()
    signed_in = [await auth.log_in(), await auth.log_in()]
    await auth.bench.handle(ChangeUser(user_id=user.id, expected_version=1, is_active=False))
    for tokens in signed_in:
        assert (await auth.refresh(tokens["refresh_token"])).status_code == 401
    revoked = [json.loads(message.value) for message in await auth.bench.sent("SessionRevoked")]
    assert [event["reason"] for event in revoked] == ["user_deactivated"] * 2
    assert {event["user_id"] for event in revoked} == {str(user.id)}


async def test_the_last_admin_keeps_the_role_until_there_is_another(auth: RunningAuth) -> None:
    first = a_user(email="first@shop.example", roles=frozenset({"admin"}))
    await add(auth, first)
    retire = ChangeUser(user_id=first.id, expected_version=1, roles=["customer"])
    outcome = await auth.bench.handle(retire)
    assert (outcome.state, slug(outcome)) == ("refused", "/problems/last-admin")
    await add(auth, a_user(email="second@shop.example", roles=frozenset({"admin"})))
    assert (await auth.bench.handle(retire)).state == "succeeded"


async def test_of_two_admins_who_deactivate_each_other_at_once_one_stays(
    auth: RunningAuth,
) -> None:
    admins = [a_user(email=f"{n}@shop.example", roles=frozenset({"admin"})) for n in range(2)]
    await add(auth, *admins)
    records = [
        record_of(ChangeUser(user_id=admin.id, expected_version=1, is_active=False))
        for admin in admins
    ]
    await asyncio.gather(*(auth.bench.consumer.consume([record]) for record in records))
    outcomes = outcomes_of(await auth.bench.sent())
    states = sorted(outcome.state for outcome in outcomes.values())
    assert states == ["refused", "succeeded"]
    assert len(await active_admins(auth)) == 1


async def test_a_repeated_command_changes_nothing_and_gets_the_same_answer(
    auth: RunningAuth,
) -> None:
    user, command_id = await auth.register(), new_id()
    command = ChangeProfile(user_id=user.id, expected_version=1, name="Countess")
    first = await auth.bench.handle(command, id=command_id)
    assert await auth.bench.handle(command, id=command_id) == first
    assert (await auth.reads.user(user.id)).version == 2


async def active_admins(auth: RunningAuth) -> set[UUID]:
    async with auth.begin("Test", actor=None) as work:
        return await work.users.active_admins()
