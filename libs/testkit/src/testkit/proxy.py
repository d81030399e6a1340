"""A TCP proxy that does to a connection what networks do."""

import asyncio
import socket
import struct
from asyncio import Server, StreamReader, StreamWriter
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias

from servers.processes import HOST

CHUNK_BYTES: Final = 64 * 1024
_NO_LINGER: Final = struct.pack("ii", 1, 0)

Direction: TypeAlias = Literal["to_client", "to_target"]
State: TypeAlias = Literal["passing", "swallowing", "refusing"]


@dataclass(eq=False)
class _Connection:
    """One client's connection, and ours to the target, if there is one."""

    writers: list[StreamWriter]
    pipes: list["asyncio.Task[None]"] = field(default_factory=list)
    has_lost_bytes: bool = False

    def reset(self) -> None:
        """Both sides get a RST: closing without lingering sends one instead of a FIN."""
        for writer in self.writers:
            if (sock := writer.get_extra_info("socket")) and not writer.transport.is_closing():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            writer.transport.abort()

    def close(self) -> None:
        """Both sides get what is on its way, and then the end."""
        for writer in self.writers:
            writer.close()


class FaultProxy:
    """Passes bytes between clients on loopback and a target on loopback, until told otherwise.

    `latency_s` delays each chunk of bytes in both directions, from now on. `accepted` counts the
    connections that clients have made. Use it with `async with`; it lives on that loop.
    """

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        self.port = port
        self.latency_s = 0.0
        self.accepted = 0
        self._target_port = target_port
        self._state: State = "passing"
        self._left_bytes: dict[Direction, int] = {}
        self._connections: set[_Connection] = set()
        self._server: Server | None = None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_listening()
        pipes = [pipe for connection in self._connections for pipe in connection.pipes]
        self.reset()
        await asyncio.gather(*pipes, return_exceptions=True)

    def reset(self) -> None:
        """Reset all connections, as a firewall or a crashed host does. New ones pass."""
        for connection in list(self._connections):
            connection.reset()

    def cut(self, direction: Direction, *, after_bytes: int) -> None:
        """Pass that many more bytes in that direction, and close the connection they end on.

        It happens once; other connections and later ones pass.
        """
        self._left_bytes[direction] = after_bytes

    def swallow(self) -> None:
        """Be a black hole: take connections and bytes, and pass nothing on."""
        self._state = "swallowing"

    def refuse(self) -> None:
        """Be a host on which nothing listens: reset all connections and refuse new ones."""
        self._state = "refusing"
        self._stop_listening()
        self.reset()

    async def heal(self) -> None:
        """Pass everything again, without delay. Connections that have lost bytes are reset."""
        self._state = "passing"
        self.latency_s = 0.0
        self._left_bytes.clear()
        for connection in list(self._connections):
            if connection.has_lost_bytes:
                connection.reset()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _stop_listening(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.accepted += 1
        connection = _Connection([writer])
        self._connections.add(connection)
        try:
            await self._connect(connection, reader, writer)
            await asyncio.gather(*connection.pipes, return_exceptions=True)
        except OSError:
            connection.reset()
        finally:
            connection.close()
            self._connections.discard(connection)

    async def _connect(
        self, connection: _Connection, reader: StreamReader, writer: StreamWriter
    ) -> None:
        if self._state == "swallowing":
            connection.has_lost_bytes = True
            pairs: list[tuple[Direction, StreamReader, StreamWriter]] = [
                ("to_target", reader, writer)
            ]
        else:
            from_target, target = await asyncio.open_connection(HOST, self._target_port)
            connection.writers.append(target)
            pairs = [("to_target", reader, target), ("to_client", from_target, writer)]
        connection.pipes = [asyncio.create_task(self._pipe(connection, *pair)) for pair in pairs]

    async def _pipe(
        self,
        connection: _Connection,
        direction: Direction,
        reader: StreamReader,
        writer: StreamWriter,
    ) -> None:
        """Until one side ends; then the other is told."""
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                if self.latency_s:
                    await asyncio.sleep(self.latency_s)
                if self._state == "swallowing":
                    connection.has_lost_bytes = True
                    continue
                allowed, is_cut = self._allowed(direction, chunk)
                writer.write(allowed)
                await writer.drain()
                if is_cut:
                    break
        except ConnectionError:
            connection.reset()
        finally:
            connection.close()

    def _allowed(self, direction: Direction, chunk: bytes) -> tuple[bytes, bool]:
        """As much of the chunk as may pass, and whether the connection ends there."""
        left = self._left_bytes.get(direction)
        if left is None:
            return chunk, False
        if len(chunk) < left:
            self._left_bytes[direction] = left - len(chunk)
            return chunk, False
        del self._left_bytes[direction]
        return chunk[:left], True
