"""PostgreSQL for tests: the server that a variable names, or one from its wheel."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from servers.postgres import Postgres, execute
from servers.processes import run_apart
from testkit.containers import POSTGRES, contained, shared_server
from testkit.processes import LocalServer, end_at_once, free_port, in_its_folder

VARIABLE: Final = "FRONTDESK_TEST_POSTGRES_URL"
"""Names a server to use instead; its user must be allowed to create databases."""


class PostgresDatabases:
    """The databases of a running server; `url` leads to one from which others can be made."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_database(self) -> str:
        """A new, empty database; returns its URL for SQLAlchemy with asyncpg."""
        name = f"test_{uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        url = make_url(self.url).set(drivername="postgresql+asyncpg", database=name)
        return url.render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` has made, whoever is still connected."""
        self._execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        url = make_url(self.url).set(drivername="postgresql")
        run_apart(execute(url.render_as_string(hide_password=False), statement))


class PostgresServer(PostgresDatabases, LocalServer):
    """A server that a test may end. It is fast and keeps little. Raises ServerUnavailable."""

    def __init__(self, folder: Path) -> None:
        server = Postgres(folder=folder, port=free_port(), durable=False)
        PostgresDatabases.__init__(self, server.url())
        LocalServer.__init__(self, server)

    def kill(self) -> None:
        """End it at once, and its children, which outlive it for a while and keep its memory."""
        children: list[int] = []
        with suppress(OSError, asyncpg.PostgresError):
            rows = run_apart(execute(self.url, "SELECT pid FROM pg_stat_activity"))
            children = [row["pid"] for row in rows]
        super().kill()
        end_at_once(children)

    def give_up(self) -> None:
        """In order: killed, it leaves its shared memory behind."""
        self.stop()


def postgres_for_tests() -> AbstractContextManager[PostgresDatabases]:
    """The server that the variable names, or else a new one."""
    return shared_server(
        VARIABLE, named=PostgresDatabases, contained=_contained, local=new_postgres
    )


def new_postgres() -> AbstractContextManager[PostgresServer]:
    """A new server that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("postgres", PostgresServer)


@contextmanager
def _contained() -> Iterator[PostgresDatabases]:
    with contained(POSTGRES) as address:
        yield PostgresDatabases(f"postgresql://postgres:postgres@{address}/postgres")
