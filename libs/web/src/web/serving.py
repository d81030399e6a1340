"""Runs an application until SIGTERM or SIGINT."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError


async def serve(app: FastAPI, *, host: str, port: int, shutdown_s: int = 5) -> None:
    """Serve until a signal; open requests get `shutdown_s` to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=shutdown_s,
        timeout_keep_alive=30,
    )
    await uvicorn.Server(config).serve()


def run_command(name: str, commands: Mapping[str, Callable[[], Awaitable[None] | None]]) -> int:
    """`python -m <name>.main <command>`: run it; 0, or 2 with one clear sentence.

    A coroutine runs on uvloop where there is one.
    """
    chosen = commands.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if chosen is None:
        print(f"usage: python -m {name}.main {'|'.join(commands)}", file=sys.stderr)
        return 2
    try:
        running = chosen()
    except ValidationError as error:
        names = ", ".join(str(item["loc"][0]) for item in error.errors())
        print(f"{name} can't start: check these settings: {names}", file=sys.stderr)
        return 2
    if running is not None:
        _run(running)
    return 0


def _run(running: Awaitable[None]) -> None:
    async def main() -> None:
        await running

    uvicorn_loop = uvicorn.Config(lambda: None).get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
        runner.run(main())
