import socket
from urllib.parse import urlsplit

from testkit.redis import RedisDatabase


def say(url: str, *lines: str) -> list[str]:
    """What the server answers to each command, in one line."""
    at = urlsplit(url)
    assert at.hostname
    assert at.port
    with (
        socket.create_connection((at.hostname, at.port), timeout=5) as connection,
        connection.makefile("rb") as answers,
    ):
        connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
        return [answers.readline().decode().strip() for _ in lines]


def test_a_test_gets_an_empty_database(redis_url: str, redis_server: RedisDatabase) -> None:
    number = urlsplit(redis_url).path.strip("/")
    assert say(redis_url, f"SELECT {number}", "SET limit 5", "DBSIZE") == ["+OK", "+OK", ":1"]
    redis_server.clear()
    assert say(redis_url, f"SELECT {number}", "DBSIZE") == ["+OK", ":0"]
