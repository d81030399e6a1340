"""Against small servers that answer as each peer's documentation says."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any, Final

import pytest

from benchmarks import ledger_peers
from benchmarks.ledger_peers import Blnk, Formance, PeerFailed, TigerBeetle
from servers.processes import HOST

ROUND_S: Final = 0.05

Answer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any] | None]]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """An HTTP server that answers each POST with a status and a JSON body; its address."""
    turn = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with turn:
                status, content = answer(self.path, body)
            text = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        request_queue_size = ledger_peers.CONNECTIONS

    server = Server((HOST, 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class FakeBlnk:
    """Keeps balances; `status` is what it says of a transaction."""

    def __init__(self, status: str = "APPLIED") -> None:
        self.status = status
        self.balances: Counter[str] = Counter()
        self.references: set[str] = set()
        self._ids = count()

    def __call__(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        match path:
            case "/ledgers":
                return 201, {"ledger_id": "ldg_1", "name": body["name"]}
            case "/balances":
                assert body == {"ledger_id": "ldg_1", "currency": "EUR"}
                return 201, {"balance_id": f"bln_{next(self._ids)}"}
            case "/transactions":
                return self._transaction(body)
        return 404, None

    def _transaction(self, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        assert body["skip_queue"] is True
        assert body["precision"] == 100
        assert body["reference"] not in self.references
        self.references.add(body["reference"])
        amount, source = body["precise_amount"], body["source"]
        if not body.get("allow_overdraft") and self.balances[source] < amount:
            return 400, {"error": "insufficient funds in source balance"}
        self.balances[source] -= amount
        self.balances[body["destination"]] += amount
        return 201, {"transaction_id": "txn_1", "status": self.status}


class FakeFormance:
    """Keeps balances of one ledger; `world` may owe any amount."""

    def __init__(self) -> None:
        self.ledger = ""
        self.balances: Counter[str] = Counter()

    def __call__(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        if not self.ledger:
            self.ledger = path
            return 204, None
        assert path == f"{self.ledger}/transactions"
        [posting] = body["postings"]
        assert posting["asset"] == "EUR/2"
        source, amount = posting["source"], posting["amount"]
        if source != "world" and self.balances[source] < amount:
            return 400, {"errorCode": "INSUFFICIENT_FUND"}
        self.balances[source] -= amount
        self.balances[posting["destination"]] += amount
        return 200, {"data": {"id": 1, "postings": [posting]}}


class FakeTigerBeetle(SimpleNamespace):
    """The client's module, with what the driver uses of it."""

    def __init__(self, status: str = "created") -> None:
        self.batches: list[Sequence[Any]] = []
        self.addresses: list[str] = []
        self.is_closed = False
        numbers = count(1)
        super().__init__(
            id=lambda: next(numbers),
            Account=SimpleNamespace,
            Transfer=SimpleNamespace,
            AccountFlags=SimpleNamespace(DEBITS_MUST_NOT_EXCEED_CREDITS=2),
            CreateAccountStatus=SimpleNamespace(CREATED="created"),
            CreateTransferStatus=SimpleNamespace(CREATED="created"),
            ClientSync=self._client,
        )
        self._status = status

    def _client(self, *, cluster_id: int, replica_addresses: str) -> "FakeTigerBeetle":
        assert cluster_id == 0
        self.addresses.append(replica_addresses)
        return self

    def create_accounts(self, accounts: Sequence[Any]) -> list[SimpleNamespace]:
        return [SimpleNamespace(status="created") for _ in accounts]

    def create_transfers(self, transfers: Sequence[Any]) -> list[SimpleNamespace]:
        self.batches.append(transfers)
        return [SimpleNamespace(status=self._status) for _ in transfers]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def few_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_peers, "ACCOUNTS", 5)


async def test_blnk_applies_transfers_between_funded_balances_at_once() -> None:
    blnk = FakeBlnk()
    with answering(blnk) as url:
        peer = Blnk(url)
        await peer.open()
        funded = len(blnk.references)
        rate = await peer.rate(ROUND_S)
        await peer.close()
    assert rate > 0
    assert funded == 5
    assert len(blnk.references) > funded
    assert blnk.balances["@World"] == -5 * ledger_peers.FUNDS
    assert blnk.balances.total() == 0


async def test_a_transaction_that_blnk_only_queues_does_not_count() -> None:
    with answering(FakeBlnk(status="QUEUED")) as url:
        peer = Blnk(url)
        with pytest.raises(PeerFailed, match="QUEUED, not APPLIED"):
            await peer.open()
        await peer.close()


async def test_formance_posts_one_posting_in_each_request() -> None:
    formance = FakeFormance()
    with answering(formance) as url:
        peer = Formance(url)
        await peer.open()
        rate = await peer.rate(ROUND_S)
        await peer.close()
    assert rate > 0
    assert formance.ledger.startswith("/v2/bench-")
    assert formance.balances["world"] == -5 * ledger_peers.FUNDS
    assert formance.balances.total() == 0


async def test_what_a_peer_refuses_is_an_error_with_its_words() -> None:
    with answering(FakeFormance()) as url:
        peer = Formance(url)
        await peer.open()
        with pytest.raises(PeerFailed, match=r"400 .*INSUFFICIENT_FUND"):
            await peer.transfer("users:1", "users:2", 2 * ledger_peers.FUNDS)
        await peer.close()


async def test_tigerbeetle_gets_its_largest_batches_after_the_accounts_are_funded() -> None:
    module = FakeTigerBeetle()
    peer = TigerBeetle("127.0.0.1:3000", module=module)
    await peer.open()
    rate = await peer.rate(ROUND_S)
    await peer.close()
    funding, first, *_ = module.batches
    assert rate > 0
    assert module.addresses == ["127.0.0.1:3000"]
    assert [one.amount for one in funding] == [ledger_peers.FUNDS] * 5
    assert len(first) == TigerBeetle.BATCH
    assert all(one.debit_account_id != one.credit_account_id for one in first)
    assert module.is_closed


async def test_a_transfer_that_tigerbeetle_refuses_is_an_error() -> None:
    peer = TigerBeetle("3000", module=FakeTigerBeetle(status="exceeds_credits"))
    with pytest.raises(PeerFailed, match="5 of 5 failed, the first: 'exceeds_credits'"):
        await peer.open()
