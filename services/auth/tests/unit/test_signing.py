import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey, RSAKey

from auth.adapters.signing import UnusableKeyFile, open_signing_keys
from contracts.ids import new_id
from web.callers import ALGORITHM


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "signing-key.json"


def test_the_key_is_made_once_and_readable_by_its_owner_alone(file: Path) -> None:
    first = open_signing_keys(file).published
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_signing_keys(file).published == first
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_two_instances_that_start_at_once_use_the_same_key(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: open_signing_keys(file).published, range(8)))
    assert all(published == opened[0] for published in opened)


def test_only_public_halves_are_published_under_their_thumbprints(file: Path) -> None:
    [key] = open_signing_keys(file).published["keys"]
    assert "d" not in key
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", ALGORITHM)
    assert key["kid"] == OKPKey.import_key(key).thumbprint()


def test_a_token_says_who_what_where_and_how_long(file: Path) -> None:
    keys = open_signing_keys(file)
    subject, session_id = new_id(), new_id()
    token = keys.issue(subject=subject, roles={"staff", "admin"}, session_id=session_id)
    decoded = jwt.decode(token, KeySet.import_key_set(keys.published), algorithms=[ALGORITHM])
    claims = decoded.claims
    assert (claims["iss"], claims["sub"], claims["sid"]) == (
        "frontdesk",
        str(subject),
        str(session_id),
    )
    assert claims["roles"] == ["admin", "staff"]
    assert claims["exp"] - claims["iat"] == keys.lifetime_s == 900
    assert decoded.header["kid"] == keys.published["keys"][0]["kid"]


def test_tokens_issued_in_the_same_second_differ(file: Path) -> None:
    keys = open_signing_keys(file)
    subject, session_id = new_id(), new_id()
    issued = {keys.issue(subject=subject, roles=["customer"], session_id=session_id) for _ in "12"}
    assert len(issued) == 2


def test_a_new_key_put_first_signs_and_the_old_one_stays_published(file: Path) -> None:
    open_signing_keys(file)
    old = json.loads(file.read_text())["keys"]
    new = OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True)
    file.write_text(json.dumps({"keys": [new, *old]}))
    keys = open_signing_keys(file)
    token = keys.issue(subject=new_id(), roles=[], session_id=new_id())
    published = KeySet.import_key_set(keys.published)
    assert jwt.decode(token, published, algorithms=[ALGORITHM]).header["kid"] == new["kid"]
    assert [key["kid"] for key in keys.published["keys"]] == [new["kid"], old[0]["kid"]]


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "{}",
        '{"keys": []}',
        json.dumps({"keys": [OKPKey.generate_key("Ed25519").as_dict(private=False)]}),
        json.dumps({"keys": [OKPKey.generate_key("X25519").as_dict(private=True)]}),
        json.dumps({"keys": [RSAKey.generate_key(2048).as_dict(private=True)]}),
    ],
    ids=["text", "no keys", "empty", "public", "another curve", "another kind"],
)
def test_a_file_that_holds_no_private_ed25519_keys_is_refused(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(UnusableKeyFile, match=r"must hold|no JWK Set"):
        open_signing_keys(file)
