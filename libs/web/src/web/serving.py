"""Runs an application until SIGTERM or SIGINT."""

import uvicorn
from fastapi import FastAPI


async def serve(app: FastAPI, *, host: str, port: int, shutdown_s: int = 5) -> None:
    """Serve until a signal; open requests get `shutdown_s` to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever connects is who asks: a header of the client's own making changes nothing.
        proxy_headers=False,
        timeout_graceful_shutdown=shutdown_s,
        timeout_keep_alive=30,
    )
    await uvicorn.Server(config).serve()
