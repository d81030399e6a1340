"""Server-sent events with JSON data."""

import json
from typing import Any

from fastapi.encoders import jsonable_encoder
from fastapi.sse import format_sse_event


def server_sent_event(event: str, data: Any, *, id: int | None = None) -> bytes:
    """One event; a client that reconnects names the last `id` it has seen."""
    text = json.dumps(jsonable_encoder(data), separators=(",", ":"), ensure_ascii=False)
    return format_sse_event(data_str=text, event=event, id=None if id is None else str(id))
