import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from testkit.processes import (
    HOST,
    ServerProcess,
    ServerUnavailable,
    accepts_connections,
    binary_of,
    free_port,
    run_apart,
)


def test_a_server_that_ends_at_once_is_unavailable_and_its_last_words_say_why(
    tmp_path: Path,
) -> None:
    process = ServerProcess([sys.executable, "-c", "exit('no room')"], log=tmp_path / "log")
    with pytest.raises(ServerUnavailable, match="no room"):
        process.wait_until(lambda: False)


def test_a_server_is_waited_for_and_stopped(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", HOST, str(port)]
    process = ServerProcess(command, log=tmp_path / "log")
    process.wait_until(partial(accepts_connections, port))
    process.stop(signal.SIGTERM)
    assert not accepts_connections(port)


def test_a_program_that_is_not_installed_is_unavailable() -> None:
    with pytest.raises(ServerUnavailable, match="mongod is not installed"):
        binary_of("pytest", "mongod")
    with pytest.raises(ServerUnavailable, match="no_such_wheel is not installed"):
        binary_of("no_such_wheel")


async def test_a_coroutine_can_be_run_apart_while_a_loop_runs() -> None:
    async def which_loop() -> int:
        return id(asyncio.get_running_loop())

    assert run_apart(which_loop()) != id(asyncio.get_running_loop())
