import asyncio

import pytest

from servers.processes import ServerUnavailable, binary_of, package_folder, run_apart


def test_a_program_that_is_not_installed_is_unavailable() -> None:
    with pytest.raises(ServerUnavailable, match="mongod is not installed"):
        binary_of("pytest", "mongod")
    with pytest.raises(ServerUnavailable, match="initdb is not installed"):
        binary_of("no_such_wheel", "bin", "initdb")
    with pytest.raises(ServerUnavailable, match="Some server is not installed"):
        package_folder("no_such_wheel", called="Some server")


async def test_a_coroutine_can_be_run_apart_while_a_loop_runs() -> None:
    async def which_loop() -> int:
        return id(asyncio.get_running_loop())

    assert run_apart(which_loop()) != id(asyncio.get_running_loop())
