"""The one PostgreSQL of `bench-ledger`, which syncs every commit to a disk, and its databases."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGQUIT
from typing import Final
from uuid import uuid4

from servers.postgres import Postgres, execute
from testkit.kafka import KafkaServer
from testkit.processes import LocalServer, free_port

SETTINGS: Final = ("shared_buffers=1GB", "max_wal_size=4GB", "checkpoint_timeout=30min")
"""The same for all who are measured. What syncs to the disk stays as it is: on."""

ON_DISK: Final = Path("/var/tmp")
"""Where a system keeps on disk what is temporary; /tmp may be memory."""


@dataclass(frozen=True, kw_only=True)
class RoomyPostgres(Postgres):
    """A durable server with room for what is measured."""

    def command(self) -> tuple[str, ...]:
        """See servers.processes.Server."""
        return (*super().command(), *(part for one in SETTINGS for part in ("-c", one)))


@dataclass(frozen=True, kw_only=True)
class Servers:
    """What is measured runs on these two."""

    postgres: Postgres
    kafka: KafkaServer

    @asynccontextmanager
    async def database(self, *, template: str = "template0") -> AsyncIterator[str]:
        """A copy of another database, to which nobody may be connected; gone after the block."""
        name = await self.create_database(template=template)
        try:
            yield name
        finally:
            await execute(self.postgres.url(), f'DROP DATABASE "{name}" WITH (FORCE)')

    async def create_database(self, *, template: str = "template0") -> str:
        """The same, and it stays."""
        name = f"bench_{uuid4().hex}"
        await execute(self.postgres.url(), f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    async def settle(self) -> None:
        """Write to disk what one measurement has left, so that the next one needn't."""
        await execute(self.postgres.url(), "CHECKPOINT")


@contextmanager
def running_servers(parent: Path | None) -> Iterator[Servers]:
    """Both, in a new folder on a disk; they and it are gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-bench-", dir=parent or _disk()))
    # PostgreSQL doesn't run as root, and whom it runs as has to get there.
    folder.chmod(0o755)
    # Its data is thrown away, so that it need not write anything at its end.
    postgres = RoomyPostgres(
        folder=folder / "postgres", port=free_port(), durable=True, stop_signal=SIGQUIT
    )
    try:
        database = LocalServer(postgres)
        try:
            kafka = KafkaServer(folder / "kafka")
            try:
                yield Servers(postgres=postgres, kafka=kafka)
            finally:
                kafka.give_up()
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _disk() -> Path | None:
    return ON_DISK if ON_DISK.is_dir() else None
