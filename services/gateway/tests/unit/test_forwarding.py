import asyncio
from collections.abc import AsyncIterator

import httpx2
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from gateway.entrypoints.http.forwarding import Forwarder


class Slow(httpx2.AsyncByteStream):
    """The second part comes when somebody lets it."""

    def __init__(self) -> None:
        self.is_let = asyncio.Event()
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"created_at,amount\r\n"
        await self.is_let.wait()
        yield b"2026-11-01,5.00\r\n"

    async def aclose(self) -> None:
        self.is_closed = True


def a_request() -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "server": ("gateway.test", 80),
            "path": "/api/v1/accounts/7/statement",
            "query_string": b"from=2026-11-01T00%3A00%3A00%2B01%3A00",
            "headers": [(b"accept", b"text/csv"), (b"cookie", b"a=b")],
        }
    )


async def test_what_is_read_is_passed_on_as_it_comes_with_its_kind_and_its_name() -> None:
    slow, seen = Slow(), []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="statement.csv"',
            "Vary": "Accept",
        }
        return httpx2.Response(200, headers=headers, stream=slow)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        forwarder = Forwarder(http, {"ledger": "http://ledger"}, "key")
        response = await forwarder.read("ledger", a_request())
        assert isinstance(response, StreamingResponse)
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.headers["content-disposition"] == 'attachment; filename="statement.csv"'
        assert response.headers["vary"] == "Accept"
        parts = aiter(response.body_iterator)
        assert await anext(parts) == b"created_at,amount\r\n"
        assert not slow.is_let.is_set()
        slow.is_let.set()
        assert [part async for part in parts] == [b"2026-11-01,5.00\r\n"]
        assert response.background is not None
        await response.background()
    assert slow.is_closed
    assert seen[0].headers["accept"] == "text/csv"
    assert seen[0].url.params["from"] == "2026-11-01T00:00:00+01:00"
    assert "cookie" not in seen[0].headers
