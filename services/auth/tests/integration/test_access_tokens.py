import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey
from services.auth.tests.integration.conftest import RunningAuth

from contracts.ids import new_id
from testkit.tokens import INTERNAL_KEY
from web.callers import ALGORITHM, InvalidToken


@pytest.fixture
def sql_url(sqlite_url: str) -> str:
    """Tokens don't depend on the store."""
    return sqlite_url


def claims(**values: Any) -> dict[str, Any]:
    now = int(time.time())
    known = {
        "iss": "frontdesk",
        "sub": str(new_id()),
        "roles": ["admin"],
        "sid": str(new_id()),
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (known | values).items() if value is not None}


def signed(tmp_path: Path, **values: Any) -> str:
    """By auth's own private key."""
    [key] = KeySet.import_key_set(json.loads((tmp_path / "signing-key.json").read_text())).keys
    header = {"alg": ALGORITHM, "kid": key.kid}
    return jwt.encode(header, claims(**values), key, algorithms=[ALGORITHM])


def part(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


async def assert_refused(auth: RunningAuth, token: str) -> None:
    with pytest.raises(InvalidToken):
        await auth.verifier.verify(token)
    answer = await auth.get("/users/me", token)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
    assert "invalid_token" in answer.headers["www-authenticate"]


async def test_every_service_verifies_a_token_by_the_published_keys(auth: RunningAuth) -> None:
    user = await auth.register()
    caller = await auth.verifier.verify((await auth.log_in())["access_token"])
    assert caller.subject == user.id
    assert caller.roles == {"customer"}
    assert caller.session_id


async def test_the_keys_may_be_cached_for_five_minutes_and_hold_no_secret(
    auth: RunningAuth,
) -> None:
    answer = await auth.client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert [set(key) for key in answer.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]


async def test_a_token_made_by_auths_key_is_taken_so_the_others_are_refused_for_one_reason(
    auth: RunningAuth, tmp_path: Path
) -> None:
    assert (await auth.verifier.verify(signed(tmp_path))).roles == {"admin"}


async def test_an_expired_token_is_refused(auth: RunningAuth, tmp_path: Path) -> None:
    await assert_refused(auth, signed(tmp_path, exp=int(time.time()) - 1))


async def test_a_token_of_another_issuer_is_refused(auth: RunningAuth, tmp_path: Path) -> None:
    await assert_refused(auth, signed(tmp_path, iss="elsewhere"))


@pytest.mark.parametrize("claim", ["iss", "sub", "roles", "sid", "exp"])
async def test_a_token_without_a_claim_is_refused(
    auth: RunningAuth, tmp_path: Path, claim: str
) -> None:
    await assert_refused(auth, signed(tmp_path, **{claim: None}))


async def test_a_token_by_another_key_is_refused_under_auths_key_id_too(
    auth: RunningAuth,
) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    kid = auth.keys.published["keys"][0]["kid"]
    header = {"alg": ALGORITHM, "kid": kid}
    await assert_refused(auth, jwt.encode(header, claims(), stranger, algorithms=[ALGORITHM]))


async def test_a_token_whose_claims_were_changed_is_refused(auth: RunningAuth) -> None:
    await auth.register()
    header, _, signature = (await auth.log_in())["access_token"].split(".")
    await assert_refused(auth, f"{header}.{part(claims())}.{signature}")


async def test_a_token_without_a_signature_is_refused(auth: RunningAuth) -> None:
    kid = auth.keys.published["keys"][0]["kid"]
    header = part({"alg": "none", "typ": "JWT", "kid": kid})
    await assert_refused(auth, f"{header}.{part(claims())}.")


async def test_the_public_key_is_no_shared_secret(auth: RunningAuth) -> None:
    [published] = auth.keys.published["keys"]
    secret = OctKey.import_key(json.dumps(published))
    header = {"alg": "HS256", "kid": published["kid"]}
    await assert_refused(auth, jwt.encode(header, claims(), secret, algorithms=["HS256"]))


async def test_a_refresh_token_is_no_access_token(auth: RunningAuth) -> None:
    await auth.register()
    await assert_refused(auth, (await auth.log_in())["refresh_token"])


async def test_without_a_token_one_is_asked_to_sign_in(auth: RunningAuth) -> None:
    answer = await auth.client.get("/users/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_the_internal_key_is_no_person(auth: RunningAuth) -> None:
    assert (await auth.get("/users/me", INTERNAL_KEY)).status_code == 403
    assert (await auth.get("/auth/sessions", INTERNAL_KEY)).json()["items"] == []
