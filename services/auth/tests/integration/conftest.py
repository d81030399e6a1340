"""Auth in the process of a test: its HTTP without a socket, its commands without a broker."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from auth.adapters.argon2 import Argon2Passwords
from auth.adapters.signing import SigningKeys, open_signing_keys
from auth.adapters.sql import SqlAuthWork, SqlBegin
from auth.adapters.sql_reads import SqlAuthReads
from auth.adapters.tables import delivery
from auth.application.create_first_admin import CreateFirstAdmin
from auth.entrypoints import http, kafka
from auth.entrypoints.problems import PROBLEMS
from auth.main import use_cases
from contracts.auth import UserView
from storage.delivery_store import SqlDeliveryStore
from testkit.applications import application_of, client_of
from testkit.migrations import migrate
from testkit.tokens import INTERNAL_KEY
from testkit.workbench import Workbench
from web.callers import TokenVerifier

MIGRATIONS = Path(__file__).parents[2] / "migrations"
ADA = {"email": "ada@shop.example", "password": "analytical engine"}
ADMIN = {"email": "admin@shop.example", "password": "correct horse battery"}


@dataclass
class RunningAuth:
    """`verifier` checks tokens as every other service does, by the keys that auth publishes."""

    app: FastAPI
    client: httpx2.AsyncClient
    bench: Workbench[SqlDeliveryStore[SqlAuthWork]]
    begin: SqlBegin
    reads: SqlAuthReads
    passwords: Argon2Passwords
    keys: SigningKeys
    verifier: TokenVerifier

    async def register(self, **body: Any) -> UserView:
        answer = await self.client.post("/auth/register", json={**ADA, "name": "Ada", **body})
        assert answer.status_code == 201, answer.text
        return UserView.model_validate(answer.json())

    async def log_in(self, **credentials: str) -> dict[str, Any]:
        answer = await self.client.post("/auth/login", json={**ADA, **credentials})
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def become_admin(self) -> str:
        """Create the first admin and sign in as them; returns the access token."""
        create = CreateFirstAdmin(begin=self.begin, reads=self.reads, passwords=self.passwords)
        await create(**ADMIN)
        return str((await self.log_in(**ADMIN))["access_token"])

    async def get(self, path: str, token: str, **headers: str) -> httpx2.Response:
        return await self.client.get(path, headers=bearer(token) | headers)

    async def refresh(self, refresh_token: str) -> httpx2.Response:
        return await self.client.post("/auth/refresh", json={"refresh_token": refresh_token})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def auth(sql_url: str, tmp_path: Path) -> AsyncIterator[RunningAuth]:
    migrate(sql_url, MIGRATIONS)
    bench = Workbench(
        "auth",
        SqlDeliveryStore("auth", sql_url, delivery, SqlAuthWork),
        handlers=kafka.HANDLERS,
        problems=PROBLEMS,
    )
    begin, reads = SqlBegin(bench.delivery.store), SqlAuthReads(bench.delivery.db)
    passwords = Argon2Passwords(iterations=1, memory_kib=8)
    keys = open_signing_keys(tmp_path / "signing-key.json")
    app = application_of(
        http.sign_in,
        http.users,
        problems=PROBLEMS,
        is_transient=bench.delivery.store.is_transient,
        state={
            "use_cases": use_cases(begin, reads, passwords, keys),
            "reads": reads,
            "signing_keys": keys,
            "internal_key": INTERNAL_KEY,
        },
    )
    async with bench.running(), client_of(app) as client:
        verifier = TokenVerifier("http://service.test", INTERNAL_KEY, client)
        app.state.verifier = verifier
        yield RunningAuth(app, client, bench, begin, reads, passwords, keys, verifier)
