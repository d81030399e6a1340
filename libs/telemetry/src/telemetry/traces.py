"""Trace context that goes with a request and with every message it causes.

Source: https://www.w3.org/TR/trace-context/
"""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

current_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The `traceparent` of what is being done now."""


def child_of(traceparent: str | None) -> str:
    """A new span in the given trace, or in a new trace when there is none or it is malformed."""
    if traceparent and _TRACEPARENT.fullmatch(traceparent):
        version, trace_id, _, flags = traceparent.split("-")
        return f"{version}-{trace_id}-{secrets.token_hex(8)}-{flags}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
