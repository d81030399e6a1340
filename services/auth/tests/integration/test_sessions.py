import asyncio
import json
from datetime import UTC, datetime, timedelta

from services.auth.tests.integration.conftest import RunningAuth, bearer
from sqlalchemy import func, select

from auth.adapters.sweeper import SessionSweeper
from auth.adapters.tables import refresh_tokens, sessions
from auth.domain.session import LIFETIME
from contracts.ids import new_id


async def reasons(auth: RunningAuth) -> list[str]:
    return [
        json.loads(message.value)["reason"] for message in await auth.bench.sent("SessionRevoked")
    ]


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(
    auth: RunningAuth,
) -> None:
    user = await auth.register()
    first = (await auth.log_in())["refresh_token"]
    renewed = await auth.refresh(first)
    assert renewed.status_code == 200
    assert (await auth.verifier.verify(renewed.json()["access_token"])).subject == user.id
    reused = await auth.refresh(first)
    assert (reused.status_code, reused.json()["type"]) == (401, "/problems/invalid-refresh-token")
    assert (await auth.refresh(renewed.json()["refresh_token"])).status_code == 401
    assert await reasons(auth) == ["refresh_token_reused"]


async def test_any_earlier_refresh_token_is_known_as_used(auth: RunningAuth) -> None:
    await auth.register()
    tokens = [(await auth.log_in())["refresh_token"]]
    for _ in range(3):
        tokens.append((await auth.refresh(tokens[-1])).json()["refresh_token"])
    assert (await auth.refresh(tokens[1])).status_code == 401
    assert await reasons(auth) == ["refresh_token_reused"]


async def test_of_two_who_use_one_refresh_token_at_once_one_gets_tokens_that_soon_end(
    auth: RunningAuth,
) -> None:
    await auth.register()
    first = (await auth.log_in())["refresh_token"]
    answers = await asyncio.gather(*(auth.refresh(first) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    assert await reasons(auth) == ["refresh_token_reused"]


async def test_an_invented_refresh_token_ends_nobodys_session(auth: RunningAuth) -> None:
    await auth.register()
    tokens = await auth.log_in()
    assert (await auth.refresh("invented")).status_code == 401
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 200


async def test_somebody_sees_where_they_are_signed_in_newest_first(auth: RunningAuth) -> None:
    await auth.register()
    await auth.register(email="eve@shop.example")
    await auth.log_in(email="eve@shop.example")
    await auth.log_in()
    token = (await auth.log_in())["access_token"]
    page = (await auth.get("/auth/sessions?limit=1", token)).json()
    assert [session["is_current"] for session in page["items"]] == [True]
    rest = (await auth.get(f"/auth/sessions?after={page['next']}", token)).json()
    assert [session["is_current"] for session in rest["items"]] == [False]
    assert rest["next"] is None
    assert rest["items"][0]["user_agent"].startswith("python-httpx2")


async def test_a_session_elsewhere_can_be_ended_and_then_is_not_listed(auth: RunningAuth) -> None:
    user = await auth.register()
    elsewhere = await auth.log_in()
    session_id = (await auth.verifier.verify(elsewhere["access_token"])).session_id
    token = (await auth.log_in())["access_token"]
    path = f"/auth/sessions/{session_id}"
    assert (await auth.client.delete(path, headers=bearer(token))).status_code == 204
    assert (await auth.client.delete(path, headers=bearer(token))).status_code == 404
    assert (await auth.refresh(elsewhere["refresh_token"])).status_code == 401
    assert len((await auth.get("/auth/sessions", token)).json()["items"]) == 1
    [message] = await auth.bench.sent("SessionRevoked")
    assert message.key == str(session_id)
    assert json.loads(message.value)["user_id"] == str(user.id)


async def test_another_persons_session_is_not_there(auth: RunningAuth) -> None:
    await auth.register()
    await auth.register(email="eve@shop.example")
    tokens = await auth.log_in()
    session_id = (await auth.verifier.verify(tokens["access_token"])).session_id
    eve = (await auth.log_in(email="eve@shop.example"))["access_token"]
    answer = await auth.client.delete(f"/auth/sessions/{session_id}", headers=bearer(eve))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/session-not-found")
    unknown = await auth.client.delete(f"/auth/sessions/{new_id()}", headers=bearer(eve))
    assert unknown.json()["type"] == answer.json()["type"]
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 200


async def test_signing_out_twice_is_as_good_as_once(auth: RunningAuth) -> None:
    await auth.register()
    token = (await auth.log_in())["access_token"]
    for _ in range(2):
        answer = await auth.client.post("/auth/logout", headers=bearer(token))
        assert (answer.status_code, answer.content) == (204, b"")
    assert await reasons(auth) == ["signed_out"]


async def test_the_store_has_no_refresh_token_only_hashes(auth: RunningAuth) -> None:
    await auth.register()
    token = (await auth.log_in())["refresh_token"]
    async with auth.bench.delivery.db.read() as connection:
        rows = [
            *(await connection.execute(select(sessions))).all(),
            *(await connection.execute(select(refresh_tokens))).all(),
        ]
    assert len(rows) == 2
    assert token not in str(rows)


async def test_expired_sessions_are_swept_with_their_tokens_and_live_ones_stay(
    auth: RunningAuth,
) -> None:
    await auth.register()
    await auth.log_in()
    await auth.log_in()
    sweeper = SessionSweeper(auth.bench.delivery.db)
    now = datetime.now(UTC)
    assert await sweeper.sweep(now + LIFETIME - timedelta(minutes=1)) == 0
    assert await sweeper.sweep(now + LIFETIME + timedelta(minutes=1)) == 2
    async with auth.bench.delivery.db.read() as connection:
        left = await connection.scalar(select(func.count()).select_from(refresh_tokens))
    assert left == 0
