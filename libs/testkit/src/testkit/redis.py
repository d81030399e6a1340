"""Redis for tests: the database that a variable names, or else one of a server for tests."""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from servers.redis import Redis
from testkit.containers import VALKEY, contained, shared_server
from testkit.processes import LocalServer, free_port, in_its_folder

VARIABLE: Final = "FRONTDESK_TEST_REDIS_URL"
"""Names a database to use instead. Tests remove all that is in it."""

_ANSWER_S: Final = 5


@dataclass(frozen=True)
class RedisDatabase:
    """One numbered database of a running server: `redis://:password@host:port/3`."""

    url: str

    def clear(self) -> None:
        """Remove everything in it. Raises OSError, and RuntimeError with what the server says."""
        at = urlsplit(self.url)
        login = [part for part in (at.username, at.password) if part]
        commands = [["AUTH", *map(unquote, login)]] if login else []
        commands += [["SELECT", at.path.strip("/") or "0"], ["FLUSHDB"]]
        place = (at.hostname or "", at.port or 6379)
        with (
            socket.create_connection(place, timeout=_ANSWER_S) as connection,
            connection.makefile("rb") as answers,
        ):
            for command in commands:
                connection.sendall(_encoded(command))
                answer = answers.readline()
                if not answer.startswith(b"+"):
                    raise RuntimeError(f"{command[0]}: {answer!r}")


class RedisServer(LocalServer):
    """A server that keeps nothing, as a local process. Raises ServerUnavailable."""

    def __init__(self, folder: Path) -> None:
        server = Redis(folder=folder, port=free_port(), durable=False)
        self.database = RedisDatabase(f"{server.url}/0")
        super().__init__(server)


def redis_for_tests() -> AbstractContextManager[RedisDatabase]:
    """The database that the variable names, or else one of a new server."""
    return shared_server(VARIABLE, named=RedisDatabase, contained=_contained, local=_local)


@contextmanager
def _contained() -> Iterator[RedisDatabase]:
    with contained(VALKEY) as address:
        yield RedisDatabase(f"redis://{address}/0")


@contextmanager
def _local() -> Iterator[RedisDatabase]:
    with in_its_folder("redis", RedisServer) as server:
        yield server.database


def _encoded(command: list[str]) -> bytes:
    """An array of strings in the server's protocol, RESP."""
    parts = [part.encode() for part in command]
    strings = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%b" % (len(parts), strings)
