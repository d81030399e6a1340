from datetime import UTC, datetime, timedelta

import pytest
from services.auth.tests.fakes import a_session

from auth.domain.refresh_token import hash_of, make_refresh_token

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_session_lasts_thirty_days_however_often_it_is_renewed() -> None:
    session = a_session(at=NOW)
    session.rotate("second", NOW + timedelta(days=29))
    assert session.is_live(NOW + timedelta(days=30, seconds=-1))
    assert not session.is_live(NOW + timedelta(days=30))


def test_only_the_newest_refresh_token_is_accepted() -> None:
    session = a_session(token_hash="first", at=NOW)
    session.rotate("second", NOW)
    assert session.accepts("second")
    assert not session.accepts("first")


def test_a_revoked_session_is_over_and_is_not_renewed() -> None:
    session = a_session(at=NOW)
    session.revoke(NOW)
    assert not session.is_live(NOW)
    with pytest.raises(AssertionError):
        session.rotate("second", NOW)


def test_refresh_tokens_carry_256_random_bits_and_differ() -> None:
    tokens = {make_refresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}


def test_the_hash_of_a_refresh_token_is_its_sha_256() -> None:
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
