import asyncio
import json
from typing import Any

import pytest
from services.auth.tests.integration.conftest import ADA, RunningAuth, bearer

from auth.adapters.argon2 import Argon2Passwords
from auth.application.ports import Overloaded
from contracts.auth import ChangeUser
from testkit.tokens import INTERNAL_KEY


async def test_whoever_has_registered_signs_in_and_reads_their_own_profile(
    auth: RunningAuth,
) -> None:
    user = await auth.register()
    tokens = await auth.log_in()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    me = await auth.get("/users/me", tokens["access_token"])
    assert me.json() == user.model_dump(mode="json")
    assert me.headers["etag"] == '"v1"'


async def test_registering_is_announced_once_and_without_address_or_password(
    auth: RunningAuth,
) -> None:
    user = await auth.register()
    [message] = await auth.bench.sent("UserRegistered")
    assert message.key == str(user.id)
    assert (message.headers["ce_sequence"], message.headers["ce_actor"]) == ("1", str(user.id))
    outbox = str(await auth.bench.sent())
    assert ADA["email"] not in outbox
    assert ADA["password"] not in outbox


async def test_e_mail_addresses_are_unique_whatever_their_case(auth: RunningAuth) -> None:
    await auth.register()
    body = {"email": "ADA@Shop.Example", "password": "another password", "name": "Eve"}
    answer = await auth.client.post("/auth/register", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/email-taken")
    await auth.log_in(email="ADA@SHOP.EXAMPLE")


async def test_of_many_who_register_one_address_at_once_one_has_it(auth: RunningAuth) -> None:
    body = {**ADA, "name": "Ada"}
    answers = await asyncio.gather(
        *(auth.client.post("/auth/register", json=body) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(await auth.bench.sent("UserRegistered")) == 1


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    auth: RunningAuth,
) -> None:
    await auth.register()
    wrong = await auth.client.post("/auth/login", json={**ADA, "password": "difference engine"})
    unknown = await auth.client.post("/auth/login", json={**ADA, "email": "eve@shop.example"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/invalid-credentials")
    assert wrong.headers["content-type"] == "application/problem+json"
    assert wrong.json() == unknown.json()


async def test_only_the_right_password_learns_that_the_account_is_deactivated(
    auth: RunningAuth,
) -> None:
    user = await auth.register()
    await auth.bench.handle(ChangeUser(user_id=user.id, expected_version=1, is_active=False))
    right = await auth.client.post("/auth/login", json=ADA)
    assert (right.status_code, right.json()["type"]) == (403, "/problems/account-deactivated")
    wrong = await auth.client.post("/auth/login", json={**ADA, "password": "difference engine"})
    assert wrong.status_code == 401


async def test_a_password_hashed_by_old_parameters_is_hashed_anew_at_sign_in(
    auth: RunningAuth,
) -> None:
    old = await Argon2Passwords(iterations=1, memory_kib=16).hash(ADA["password"])
    user = await auth.register()
    async with auth.begin("Test", actor=None) as work:
        row = await work.users.get(user.id)
        row.password_hash = old
        await work.users.save(row)
    await auth.log_in()
    stored = await auth.reads.user_of_email(ADA["email"])
    assert stored
    assert "m=8," in stored.password_hash
    await auth.log_in()


async def test_after_ten_wrong_passwords_even_the_right_one_waits(auth: RunningAuth) -> None:
    await auth.register()
    for _ in range(10):
        await auth.client.post("/auth/login", json={**ADA, "password": "difference engine"})
    answer = await auth.client.post("/auth/login", json=ADA)
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-attempts")
    assert 590 <= int(answer.headers["retry-after"]) <= 600


async def guess(auth: RunningAuth, number: int, address: str, key: str) -> int:
    answer = await auth.client.post(
        "/auth/login",
        json={**ADA, "email": f"{number}@shop.example"},
        headers={"X-Forwarded-For": f"203.0.113.9, {address}", "X-Internal-Key": key},
    )
    return answer.status_code


async def test_the_gateway_says_whose_address_it_is(auth: RunningAuth) -> None:
    for number in range(30):
        assert await guess(auth, number, "192.0.2.1", INTERNAL_KEY) == 401
    assert await guess(auth, 30, "192.0.2.1", INTERNAL_KEY) == 429
    assert await guess(auth, 31, "192.0.2.2", INTERNAL_KEY) == 401


async def test_nobody_else_chooses_the_address_that_is_counted(auth: RunningAuth) -> None:
    for number in range(30):
        assert await guess(auth, number, f"192.0.2.{number}", "guessed") == 401
    assert await guess(auth, 30, "192.0.2.99", "guessed") == 429


async def test_too_many_passwords_at_once_are_turned_away_for_a_moment(
    auth: RunningAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_full(password: str) -> str:
        raise Overloaded

    monkeypatch.setattr(auth.passwords, "hash", is_full)
    answer = await auth.client.post("/auth/register", json={**ADA, "name": "Ada"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"] == "/problems/overloaded"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "no address"}, "/email"),
        ({"password": "ninechars"}, "/password"),
        ({"name": " "}, "/name"),
        ({"name": "A\0da"}, "/name"),
        ({"roles": ["admin"]}, "/roles"),
    ],
)
async def test_a_body_that_is_not_valid_says_where(
    auth: RunningAuth, body: dict[str, Any], pointer: str
) -> None:
    answer = await auth.client.post("/auth/register", json={**ADA, "name": "Ada", **body})
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_half_a_character_is_no_password(auth: RunningAuth) -> None:
    body = json.dumps({**ADA, "name": "Ada", "password": "\ud800 is half a character"})
    answer = await auth.client.post(
        "/auth/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


async def test_tokens_are_kept_out_of_caches(auth: RunningAuth) -> None:
    answer = await auth.client.post("/auth/anonymous")
    assert answer.headers["cache-control"] == "no-store"


async def test_an_anonymous_visitor_has_a_session_and_no_profile(auth: RunningAuth) -> None:
    tokens = (await auth.client.post("/auth/anonymous")).json()
    caller = await auth.verifier.verify(tokens["access_token"])
    assert caller.roles == {"anonymous"}
    assert (await auth.get("/users/me", tokens["access_token"])).status_code == 403
    listed = (await auth.get("/auth/sessions", tokens["access_token"])).json()["items"]
    assert [session["id"] for session in listed] == [str(caller.session_id)]
    renewed = await auth.refresh(tokens["refresh_token"])
    again = await auth.verifier.verify(renewed.json()["access_token"])
    assert again.subject == caller.subject
    left = await auth.client.post("/auth/logout", headers=bearer(tokens["access_token"]))
    assert left.status_code == 204
    assert (await auth.refresh(renewed.json()["refresh_token"])).status_code == 401
