import json
import time
from base64 import urlsafe_b64encode
from uuid import uuid4

import httpx2
import pytest

from testkit.tokens import INTERNAL_KEY, TokenIssuer
from web import callers
from web.callers import NOBODY, InvalidToken


def part(content: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


async def test_a_good_token_says_who_calls(issuer: TokenIssuer) -> None:
    person, session = uuid4(), uuid4()
    token = issuer.token(person, "customer", sid=str(session))
    caller = await issuer.verifier().verify(token)
    assert (caller.subject, caller.session_id, caller.token) == (person, session, token)
    assert caller.roles == {"customer"}
    assert not caller.sees_everything


@pytest.mark.parametrize("role", ["staff", "admin"])
async def test_staff_and_administrators_see_everything(issuer: TokenIssuer, role: str) -> None:
    caller = await issuer.verifier().verify(issuer.token(uuid4(), role))
    assert caller.is_staff
    assert caller.sees_everything
    assert not caller.is_service


async def test_the_internal_key_is_a_service_and_needs_no_keys(issuer: TokenIssuer) -> None:
    caller = await issuer.verifier().verify(INTERNAL_KEY)
    assert caller.is_service
    assert caller.sees_everything
    assert not caller.is_staff
    assert caller.subject == NOBODY
    assert issuer.requests == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"iss": "somebody-else"},
        {"iss": None},
        {"sub": None},
        {"sub": "not-an-id"},
        {"roles": None},
        {"sid": None},
        {"sid": "not-an-id"},
    ],
)
async def test_a_token_with_a_claim_that_is_wrong_or_missing_is_refused(
    issuer: TokenIssuer, claims: dict[str, object]
) -> None:
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(issuer.token(uuid4(), "customer", **claims))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "nonsense", INTERNAL_KEY + "x", INTERNAL_KEY[:-1], "é.ü.ß"]
)
async def test_what_is_no_token_is_refused(issuer: TokenIssuer, token: str) -> None:
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(token)


async def test_a_token_that_nobody_has_signed_is_refused(issuer: TokenIssuer) -> None:
    header, payload, _ = issuer.token(uuid4(), "admin").split(".")
    assert header
    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(unsigned)


async def test_a_token_whose_claims_were_changed_is_refused(issuer: TokenIssuer) -> None:
    header, _, signature = issuer.token(uuid4(), "customer").split(".")
    claims = {"iss": "frontdesk", "sub": str(uuid4()), "roles": ["admin"], "sid": str(uuid4())}
    payload = part({**claims, "exp": int(time.time()) + 60})
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(f"{header}.{payload}.{signature}")


async def test_a_token_of_another_issuer_is_refused_even_with_the_same_claims(
    issuer: TokenIssuer,
) -> None:
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(TokenIssuer().token(uuid4(), "admin"))


async def test_keys_are_fetched_once_for_many_tokens(issuer: TokenIssuer) -> None:
    verifier = issuer.verifier()
    for _ in range(3):
        await verifier.verify(issuer.token(uuid4(), "customer"))
    assert issuer.requests == 1


async def test_an_unknown_key_is_looked_up_once_the_last_look_is_a_moment_ago(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = issuer.verifier()
    await verifier.verify(issuer.token(uuid4(), "customer"))
    issuer.rotate()
    token = issuer.token(uuid4(), "customer")
    with pytest.raises(InvalidToken):
        await verifier.verify(token)
    assert issuer.requests == 1
    later = time.monotonic() + 3
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert (await verifier.verify(token)).roles == {"customer"}
    assert issuer.requests == 2


async def test_known_keys_serve_while_auth_is_away(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = issuer.verifier()
    await verifier.verify(issuer.token(uuid4(), "customer"))
    issuer.is_away = True
    an_hour_later = time.monotonic() + 3_600
    monkeypatch.setattr(time, "monotonic", lambda: an_hour_later)
    assert (await verifier.verify(issuer.token(uuid4(), "staff"))).roles == {"staff"}


async def test_a_public_door_does_not_open_to_the_internal_key(issuer: TokenIssuer) -> None:
    public = issuer.verifier(internal_key=None)
    with pytest.raises(InvalidToken):
        await public.verify(INTERNAL_KEY)


async def test_a_verified_token_is_remembered_until_it_expires(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = issuer.verifier()
    token = issuer.token(uuid4(), "customer")
    caller = await verifier.verify(token)
    issuer.is_away = True
    assert await verifier.verify(token) is caller
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_without_keys_nothing_can_be_said_of_a_token(issuer: TokenIssuer) -> None:
    issuer.is_away = True
    with pytest.raises(httpx2.HTTPError):
        await issuer.verifier().verify(issuer.token(uuid4(), "customer"))


async def test_no_more_tokens_are_remembered_than_the_limit(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "_CACHED_TOKENS", 2)
    verifier = issuer.verifier()
    for _ in range(5):
        await verifier.verify(issuer.token(uuid4(), "customer"))
    assert len(verifier._verified) == 2
