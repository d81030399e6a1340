"""Other ledgers, where an address is given: transfers/s through the API that each offers.

Sources: https://docs.blnkfinance.com/reference/create-transaction,
https://github.com/formancehq/ledger (openapi/v2.yaml),
https://docs.tigerbeetle.com/coding/clients/python
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from random import Random
from time import perf_counter
from typing import Any, Final, Protocol
from uuid import uuid4

from httpx2 import AsyncClient, Limits, Response

ACCOUNTS: Final = 1_000
CONNECTIONS: Final = 16
FUNDS: Final = 10**9
MOST: Final = 2_000
TIMEOUT_S: Final = 30.0


class PeerFailed(Exception):
    """A peer didn't do what it was asked; the text is what it said."""


class Peer(Protocol):
    """A ledger that runs elsewhere, on a server of its own."""

    async def open(self) -> None:
        """Make accounts with money on them. Raises PeerFailed."""

    async def rate(self, seconds: float) -> float:
        """Transfers/s over that time. Raises PeerFailed."""

    async def close(self) -> None:
        """Give back all connections."""


class HttpPeer:
    """One transfer in a request, 16 connections."""

    def __init__(self, url: str) -> None:
        limits = Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._client = AsyncClient(base_url=url, limits=limits, timeout=TIMEOUT_S)
        self.accounts: list[str] = []

    async def open(self) -> None:
        """See Peer."""
        raise AssertionError("each peer has a way of its own")

    async def transfer(self, source: str, target: str, amount: int) -> None:
        """One transfer. Raises PeerFailed."""
        raise AssertionError("each peer has a way of its own")

    async def rate(self, seconds: float) -> float:
        """See Peer."""
        started = perf_counter()
        done = await asyncio.gather(
            *(self._transfer_until(started + seconds, Random(seed)) for seed in range(CONNECTIONS))
        )
        return sum(done) / (perf_counter() - started)

    async def close(self) -> None:
        """See Peer."""
        await self._client.aclose()

    async def post(self, path: str, body: Mapping[str, Any]) -> Response:
        """The response. Raises PeerFailed unless it is a success."""
        response = await self._client.post(path, json=body)
        if not response.is_success:
            raise PeerFailed(f"{path}: {response.status_code} {response.text[:300]}")
        return response

    async def _transfer_until(self, deadline: float, random: Random) -> int:
        done = 0
        while perf_counter() < deadline:
            source, target = random.sample(self.accounts, 2)
            await self.transfer(source, target, random.randint(1, MOST))
            done += 1
        return done


class Blnk(HttpPeer):
    """Blnk's HTTP API, past its queue: a transaction is applied when the response is there."""

    async def open(self) -> None:
        """See Peer."""
        ledger = await self.post("/ledgers", {"name": f"bench {uuid4().hex}"})
        place = {"ledger_id": ledger.json()["ledger_id"], "currency": "EUR"}
        for _ in range(ACCOUNTS):
            balance = (await self.post("/balances", place)).json()["balance_id"]
            await self._move("@World", balance, FUNDS, allow_overdraft=True)
            self.accounts.append(balance)

    async def transfer(self, source: str, target: str, amount: int) -> None:
        """See HttpPeer."""
        await self._move(source, target, amount)

    async def _move(self, source: str, target: str, amount: int, **more: bool) -> None:
        body = {
            "precise_amount": amount,
            "precision": 100,
            "currency": "EUR",
            "reference": uuid4().hex,
            "source": source,
            "destination": target,
            "description": "Lunch on Tuesday",
            "skip_queue": True,
            **more,
        }
        status = (await self.post("/transactions", body)).json()["status"]
        if status != "APPLIED":
            raise PeerFailed(f"a transaction is {status}, not APPLIED")


class Formance(HttpPeer):
    """Formance Ledger's HTTP API v2, one posting in a transaction."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._ledger = f"/v2/bench-{uuid4().hex}"

    async def open(self) -> None:
        """See Peer."""
        await self.post(self._ledger, {})
        for number in range(ACCOUNTS):
            account = f"users:{number}"
            await self.transfer("world", account, FUNDS)
            self.accounts.append(account)

    async def transfer(self, source: str, target: str, amount: int) -> None:
        """See HttpPeer."""
        posting = {"source": source, "destination": target, "amount": amount, "asset": "EUR/2"}
        body = {"postings": [posting], "metadata": {"description": "Lunch on Tuesday"}}
        await self.post(f"{self._ledger}/transactions", body)


class TigerBeetle:
    """TigerBeetle through its Python client, in the largest batches that it takes."""

    BATCH: Final = 8_189

    def __init__(self, address: str, *, module: Any = None) -> None:
        self._tb = module or import_module("tigerbeetle")
        self._client = self._tb.ClientSync(cluster_id=0, replica_addresses=address)
        self._accounts: list[int] = []
        self._random = Random(1)

    async def open(self) -> None:
        """See Peer."""
        tb = self._tb
        bank = tb.Account(id=tb.id(), ledger=1, code=1)
        paying = tb.AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS
        users = [tb.Account(id=tb.id(), ledger=1, code=2, flags=paying) for _ in range(ACCOUNTS)]
        created = tb.CreateAccountStatus.CREATED
        await self._send(self._client.create_accounts, [bank, *users], created)
        self._accounts = [user.id for user in users]
        funding = [self._transfer(bank.id, user, FUNDS) for user in self._accounts]
        await self._create_transfers(funding)

    async def rate(self, seconds: float) -> float:
        """See Peer."""
        done, started = 0, perf_counter()
        while perf_counter() < started + seconds:
            done += await self._create_transfers(list(self._some_transfers()))
        return done / (perf_counter() - started)

    async def close(self) -> None:
        """See Peer."""
        self._client.close()

    def _some_transfers(self) -> Iterator[Any]:
        for _ in range(self.BATCH):
            source, target = self._random.sample(self._accounts, 2)
            yield self._transfer(source, target, self._random.randint(1, MOST))

    def _transfer(self, source: int, target: int, amount: int) -> Any:
        return self._tb.Transfer(
            id=self._tb.id(),
            debit_account_id=source,
            credit_account_id=target,
            amount=amount,
            ledger=1,
            code=1,
        )

    async def _create_transfers(self, transfers: Sequence[Any]) -> int:
        created = self._tb.CreateTransferStatus.CREATED
        await self._send(self._client.create_transfers, transfers, created)
        return len(transfers)

    async def _send(
        self, send: Callable[[Sequence[Any]], Sequence[Any]], events: Sequence[Any], created: Any
    ) -> None:
        results = await asyncio.to_thread(send, events)
        if refused := [one.status for one in results if one.status != created]:
            raise PeerFailed(f"{len(refused)} of {len(events)} failed, the first: {refused[0]!r}")


PEERS: Final[Mapping[str, Callable[[str], Peer]]] = {
    "blnk": Blnk,
    "formance": Formance,
    "tigerbeetle": TigerBeetle,
}
