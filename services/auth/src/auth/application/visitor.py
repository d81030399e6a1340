from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Where a request comes from, as far as it can be known."""

    address: str
    user_agent: str
