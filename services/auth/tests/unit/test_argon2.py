import asyncio
import threading
from typing import Any

import argon2
import pytest

from auth.adapters.argon2 import ITERATIONS, MEMORY_KIB, THREADS, Argon2Passwords
from auth.application.ports import Overloaded


@pytest.fixture
def passwords() -> Argon2Passwords:
    return Argon2Passwords(iterations=1, memory_kib=8, max_waiting=3)


async def test_a_password_is_right_against_its_own_hash_alone(passwords: Argon2Passwords) -> None:
    password_hash = await passwords.hash("analytical engine")
    assert (await passwords.check("analytical engine", password_hash)).is_right
    assert not (await passwords.check("Analytical engine", password_hash)).is_right


async def test_the_same_password_has_another_hash_each_time(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("x") != await passwords.hash("x")


async def test_hashes_are_made_by_argon2id_with_the_parameters_of_the_cheat_sheet() -> None:
    password_hash = await Argon2Passwords().hash("analytical engine")
    assert password_hash.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p=1$")
    assert (MEMORY_KIB, ITERATIONS) == (19456, 2)


async def test_a_hash_by_other_parameters_is_replaced_when_the_password_is_right(
    passwords: Argon2Passwords,
) -> None:
    old = await Argon2Passwords(iterations=1, memory_kib=16).hash("analytical engine")
    new = (await passwords.check("analytical engine", old)).new_hash
    assert new
    assert (await passwords.check("analytical engine", new)).new_hash is None
    assert (await passwords.check("difference engine", old)).new_hash is None


async def test_without_a_hash_as_much_is_computed_and_nothing_is_right(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = []
    verify = argon2.PasswordHasher.verify

    def counted(self: Any, hash: str, password: bytes) -> bool:
        verified.append(argon2.extract_parameters(hash))
        return bool(verify(self, hash, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    known = await passwords.hash("analytical engine")
    await passwords.check("wrong", known)
    assert not (await passwords.check("wrong", None)).is_right
    assert verified[0] == verified[1]


async def test_accents_typed_in_another_way_are_the_same_password(
    passwords: Argon2Passwords,
) -> None:
    password_hash = await passwords.hash("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    assert (await passwords.check("cafe\N{COMBINING ACUTE ACCENT}", password_hash)).is_right


async def test_beyond_the_queue_a_password_is_turned_away_and_later_taken(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    hash_now = argon2.PasswordHasher.hash

    def waits(self: Any, password: bytes) -> str:
        gate.wait(30)
        return hash_now(self, password)

    monkeypatch.setattr(argon2.PasswordHasher, "hash", waits)
    room = THREADS + 3
    accepted = [asyncio.create_task(passwords.hash("x")) for _ in range(room)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await passwords.hash("x")
    gate.set()
    assert len(await asyncio.gather(*accepted)) == room
    assert await passwords.hash("x")
