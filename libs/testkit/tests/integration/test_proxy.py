import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from servers.processes import HOST
from testkit.processes import free_port
from testkit.proxy import FaultProxy
from testkit.waiting import until

Client = tuple[StreamReader, StreamWriter]


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """In front of a server that says what it hears."""
    async with await asyncio.start_server(echo, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with FaultProxy(port) as proxy:
            yield proxy


async def connect(proxy: FaultProxy) -> Client:
    return await asyncio.open_connection(HOST, proxy.port)


async def answer(client: Client, data: bytes) -> bytes:
    """What comes back of the data before the connection ends."""
    reader, writer = client
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.readexactly(len(data)), 5)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def test_bytes_pass_in_both_directions(proxy: FaultProxy) -> None:
    data = bytes(range(256)) * 4_096
    first, second = await connect(proxy), await connect(proxy)
    answers = await asyncio.gather(answer(first, data), answer(second, b"two"))
    assert list(answers) == [data, b"two"]
    assert (proxy.accepted, proxy.connections) == (2, 2)


async def test_the_end_of_one_side_is_the_end_of_the_other(proxy: FaultProxy) -> None:
    _reader, writer = await connect(proxy)
    await until(lambda: proxy.connections == 1)
    writer.close()
    await until(lambda: proxy.connections == 0)


async def test_latency_delays_each_direction(proxy: FaultProxy) -> None:
    client = await connect(proxy)
    proxy.latency_s = 0.1
    started = monotonic()
    assert await answer(client, b"slow") == b"slow"
    assert monotonic() - started >= 0.2


async def test_a_reset_is_an_error_for_open_connections_and_new_ones_pass(
    proxy: FaultProxy,
) -> None:
    client = await connect(proxy)
    assert await answer(client, b"before") == b"before"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await answer(client, b"after")
    assert await answer(await connect(proxy), b"new") == b"new"


async def test_a_cut_ends_an_answer_after_so_many_bytes_and_only_once(proxy: FaultProxy) -> None:
    client = await connect(proxy)
    proxy.cut("to_client", after_bytes=7)
    assert await answer(client, b"four") == b"four"
    assert await answer(client, b"a long one") == b"a l"
    assert await answer(await connect(proxy), b"a long one") == b"a long one"


async def test_a_cut_ends_a_request_before_all_of_it_has_arrived() -> None:
    heard = bytearray()

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        heard.extend(await reader.read())
        writer.close()

    port = free_port()
    async with await asyncio.start_server(listen, HOST, port), FaultProxy(port) as proxy:
        proxy.cut("to_target", after_bytes=3)
        assert await answer(await connect(proxy), b"request") == b""
        await until(lambda: heard == b"req")


async def test_a_black_hole_takes_connections_and_bytes_and_says_nothing(
    proxy: FaultProxy,
) -> None:
    old = await connect(proxy)
    assert await answer(old, b"before") == b"before"
    proxy.swallow()
    new = await connect(proxy)
    for reader, writer in (old, new):
        writer.write(b"anybody?")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
    await proxy.heal()
    for reader, _writer in (old, new):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
    assert await answer(await connect(proxy), b"again") == b"again"


async def test_a_connection_that_lost_nothing_in_a_black_hole_lives_on(proxy: FaultProxy) -> None:
    client = await connect(proxy)
    assert await answer(client, b"before") == b"before"
    proxy.swallow()
    await proxy.heal()
    assert await answer(client, b"after") == b"after"


async def test_a_host_that_refuses_is_back_at_the_same_port(proxy: FaultProxy) -> None:
    port, client = proxy.port, await connect(proxy)
    assert await answer(client, b"before") == b"before"
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await answer(client, b"after")
    with pytest.raises(ConnectionRefusedError):
        await connect(proxy)
    await proxy.heal()
    assert proxy.port == port
    assert await answer(await connect(proxy), b"again") == b"again"


async def test_a_target_that_is_away_resets_its_client() -> None:
    async with FaultProxy(free_port()) as proxy:
        with pytest.raises(ConnectionResetError):
            await answer(await connect(proxy), b"anybody?")
