from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from servers.processes import Server, ServerUnavailable
from stack.errors import ServerMissing
from stack.layout import make_private


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: how it is prepared and started, and how one sees that it is ready.

    Without a `ready_path` it is ready when its port accepts connections; a server knows better.
    `inner_ports` are those on which it listens for itself alone, by what they are for.
    """

    name: str
    port: int
    command: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_path: str = ""
    inner_ports: Mapping[str, int] = field(default_factory=dict)
    server: Server | None = None

    @property
    def listens_on(self) -> dict[str, int]:
        inner = {f"{self.name}'s {purpose}": port for purpose, port in self.inner_ports.items()}
        return {self.name: self.port} | inner


def server_spec(name: str, server: Server, port: int, **inner_ports: int) -> ProcessSpec:
    """Raises ServerMissing when this machine lacks the program."""
    try:
        command = server.command()
    except ServerUnavailable as error:
        raise ServerMissing(server.title, str(error)) from error
    return ProcessSpec(
        name=name, port=port, command=command, inner_ports=inner_ports, server=server
    )


def prepare_server(server: Server) -> None:
    """Raises ServerMissing when this machine lacks a part of it."""
    make_private(server.folder)
    try:
        server.prepare()
    except ServerUnavailable as error:
        raise ServerMissing(server.title, str(error)) from error


def folder_of(name: str, data: Path) -> Path:
    """Where one process keeps what it owns, for its eyes alone."""
    folder = data / name
    make_private(folder)
    return folder
