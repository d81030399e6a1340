import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from servers.processes import HOST, ServerUnavailable, accepts_connections
from testkit.processes import ServerProcess, free_port


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
