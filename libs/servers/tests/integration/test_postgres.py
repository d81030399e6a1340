from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from servers.postgres import Postgres, execute
from servers.processes import ServerUnavailable, run_apart
from testkit.processes import LocalServer, free_port, in_its_folder

PASSWORD = "what / only: services @know"


class Durable(LocalServer):
    """A server as the stack runs it."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Postgres(folder=folder, port=free_port(), durable=True, password=PASSWORD)
        super().__init__(self.postgres)

    def give_up(self) -> None:
        self.stop()


@pytest.mark.usefixtures("postgres_url")  # where no server can be had, it skips
def test_it_keeps_what_was_committed_when_it_is_killed_and_asks_for_its_password() -> None:
    with in_its_folder("postgres", Durable) as server:
        server.postgres.create_databases(["ledger", "catalog"])
        ledger = server.postgres.url("ledger")
        run_apart(execute(ledger, "CREATE TABLE entries (amount int)"))
        server.restart()
        server.postgres.create_databases(["ledger", "catalog"])
        run_apart(execute(ledger, "INSERT INTO entries VALUES (1)"))
        stranger = urlsplit(ledger)._replace(netloc=f"postgres@127.0.0.1:{server.postgres.port}")
        with pytest.raises(asyncpg.PostgresError):
            run_apart(execute(stranger.geturl(), "SELECT 1"))
        assert PASSWORD not in " ".join(server.postgres.command())
        assert not (server.postgres.folder / "password").exists()


def test_a_folder_that_its_user_cannot_reach_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    nobody = 65_534
    postgres = Postgres(folder=closed / "below", port=free_port(), durable=False, user_id=nobody)
    with pytest.raises(ServerUnavailable, match=r"must not run as root, and .* is closed to"):
        postgres.prepare()
