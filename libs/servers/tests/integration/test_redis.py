import socket
from pathlib import Path

from servers.processes import HOST
from servers.redis import Redis
from testkit.processes import LocalServer, free_port, in_its_folder


class Durable(LocalServer):
    """A server that keeps what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.redis = Redis(folder=folder, port=free_port(), durable=True)
        super().__init__(self.redis)

    def say(self, command: str) -> str:
        with socket.create_connection((HOST, self.redis.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(64).decode().strip()


def test_it_keeps_what_it_has_acknowledged_when_it_is_killed() -> None:
    with in_its_folder("redis", Durable) as server:
        assert server.say("SET limit 5") == "+OK"
        server.restart()
        assert server.say("DBSIZE") == ":1"
        server.restart_empty()
        assert server.say("DBSIZE") == ":0"
