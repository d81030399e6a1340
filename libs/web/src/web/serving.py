"""Runs an application until SIGTERM or SIGINT, and a service's commands."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

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


Command = Callable[[], Coroutine[Any, Any, None] | None]


def run_command(name: str, commands: Mapping[str, Command]) -> int:
    """`python -m <name>.main <command>`: run it; 0, or 2 with one clear sentence.

    A coroutine runs on uvloop where there is one.
    """
    chosen = commands.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if chosen is None:
        return _refuse(f"usage: python -m {name}.main {'|'.join(commands)}")
    try:
        running = chosen()
        if running is not None:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(running)
    except ValidationError as error:
        names = ", ".join(str(item["loc"][0]) for item in error.errors() if item["loc"])
        return _refuse(f"{name} can't start; these settings are missing or wrong: {names}")
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2
