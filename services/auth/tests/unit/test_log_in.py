from contextlib import suppress
from typing import Any

import pytest
from services.auth.tests.fakes import (
    FakeAttempts,
    FakePasswords,
    FakeReads,
    FakeStore,
    FakeTokens,
    a_user,
)

from auth.application.log_in import LogIn
from auth.application.ports import Overloaded
from auth.application.visitor import Visitor
from auth.domain.refresh_token import hash_of
from auth.domain.refusals import AccountDeactivated, InvalidCredentials, TooManyAttempts
from contracts.auth import LoginRequest

VISITOR = Visitor(address="192.0.2.1", user_agent="Netscape")
RIGHT = LoginRequest(email="ADA@shop.example", password="analytical engine")
WRONG = LoginRequest(email="ada@shop.example", password="difference engine")


def log_in(store: FakeStore, **ports: Any) -> LogIn:
    known: dict[str, Any] = {"passwords": FakePasswords(), "attempts": FakeAttempts()}
    return LogIn(
        begin=store.begin, reads=FakeReads(store), access_tokens=FakeTokens(), **known | ports
    )


async def test_the_right_password_opens_a_session_whose_tokens_say_who_and_what() -> None:
    user = a_user(roles=frozenset({"staff", "customer"}))
    store = FakeStore(user)
    tokens = await log_in(store)(RIGHT, VISITOR)
    [session] = store.sessions.values()
    assert tokens.access_token == f"{user.id} customer,staff {session.id}"
    assert (session.subject, session.user_agent) == (user.id, "Netscape")
    assert (session.token_hash, tokens.expires_in) == (hash_of(tokens.refresh_token), 900)


async def test_a_wrong_password_and_an_unknown_address_are_told_alike() -> None:
    with pytest.raises(InvalidCredentials) as wrong:
        await log_in(FakeStore(a_user()))(WRONG, VISITOR)
    with pytest.raises(InvalidCredentials) as unknown:
        await log_in(FakeStore())(RIGHT, VISITOR)
    assert str(wrong.value) == str(unknown.value)


async def test_a_password_is_checked_even_when_nobody_has_that_address() -> None:
    passwords = FakePasswords()
    with pytest.raises(InvalidCredentials):
        await log_in(FakeStore(), passwords=passwords)(RIGHT, VISITOR)
    assert passwords.checked == [None]


async def test_only_the_right_password_tells_that_an_account_is_deactivated() -> None:
    store = FakeStore(a_user(is_active=False))
    with pytest.raises(InvalidCredentials):
        await log_in(store)(WRONG, VISITOR)
    with pytest.raises(AccountDeactivated):
        await log_in(store)(RIGHT, VISITOR)
    assert store.sessions == {}


async def test_a_password_hashed_by_old_parameters_is_hashed_anew() -> None:
    user = a_user()
    store = FakeStore(user)
    await log_in(store, passwords=FakePasswords(new_hash="better"))(RIGHT, VISITOR)
    assert (store.users[user.id].password_hash, store.users[user.id].version) == ("better", 1)


async def test_too_many_attempts_are_refused_before_any_password_is_checked() -> None:
    passwords = FakePasswords()
    attempts = FakeAttempts(error=TooManyAttempts(retry_after_s=60))
    with pytest.raises(TooManyAttempts):
        await log_in(FakeStore(a_user()), attempts=attempts, passwords=passwords)(RIGHT, VISITOR)
    assert passwords.checked == []


@pytest.mark.parametrize(
    ("request_", "error", "last"),
    [
        (RIGHT, None, "succeed ada@shop.example 192.0.2.1"),
        (WRONG, None, "begin ada@shop.example 192.0.2.1"),
        (RIGHT, Overloaded(), "withdraw ada@shop.example 192.0.2.1"),
    ],
)
async def test_an_attempt_counts_as_failed_unless_it_succeeds_or_is_never_judged(
    request_: LoginRequest, error: Exception | None, last: str
) -> None:
    attempts = FakeAttempts()
    sign_in = log_in(FakeStore(a_user()), attempts=attempts, passwords=FakePasswords(error=error))
    with suppress(InvalidCredentials, Overloaded):
        await sign_in(request_, VISITOR)
    assert attempts.calls[-1] == last
