"""MongoDB for tests: the server that a variable names, or else one as a local process."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from servers.mongodb import MongoDB
from testkit.containers import MONGODB, contained, shared_server
from testkit.processes import LocalServer, free_port, in_its_folder

VARIABLE: Final = "FRONTDESK_TEST_MONGODB_URL"
"""Names a server to use instead; its user must be allowed to create and drop databases."""


class MongoDatabases:
    """The databases of a running server; `url` names none."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_database(self) -> str:
        """The URL of a new, empty database: the first document that is written makes it."""
        return urlsplit(self.url)._replace(path=f"/test_{uuid4().hex}").geturl()

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` has named, if it has come to be."""
        from pymongo import MongoClient

        client: MongoClient[Any]
        with MongoClient(self.url) as client:
            client.drop_database(urlsplit(url).path.removeprefix("/"))


class MongoServer(MongoDatabases, LocalServer):
    """A server that a test may end; it keeps what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        server = MongoDB(folder=folder, port=free_port())
        MongoDatabases.__init__(self, server.url)
        LocalServer.__init__(self, server)


def mongodb_for_tests() -> AbstractContextManager[MongoDatabases]:
    """The server that the variable names, or else a new one."""
    return shared_server(VARIABLE, named=MongoDatabases, contained=_contained, local=new_mongodb)


def new_mongodb() -> AbstractContextManager[MongoServer]:
    """A new server that ends with the block. Raises ServerUnavailable."""
    return in_its_folder("mongodb", MongoServer)


@contextmanager
def _contained() -> Iterator[MongoDatabases]:
    with contained(MONGODB) as address:
        yield MongoDatabases(f"mongodb://{address}")
