"""What the stack runs on: parts from wheels (embedded), or the servers of a real deployment."""

from typing import Final

EMBEDDED: Final = "embedded"
ON_SERVERS: Final = "servers"
PROFILES: Final = (EMBEDDED, ON_SERVERS)
SERVICES: Final = ("gateway", "auth", "chat", "ingest", "ledger", "catalog")


def store_of(service: str) -> str:
    """The server that keeps what a service owns."""
    return "mongodb" if service == "catalog" else "postgres"


def servers_of(profile: str) -> tuple[str, ...]:
    """The broker and, on servers, each store that somebody uses."""
    stores = dict.fromkeys(map(store_of, SERVICES)) if profile == ON_SERVERS else ()
    return ("broker", *stores)


def processes_of(profile: str) -> tuple[str, ...]:
    return (*servers_of(profile), *SERVICES)
