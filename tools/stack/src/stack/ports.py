import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from servers.processes import HOST as HOST
from stack.errors import StackError
from stack.processes import poll_until
from stack.profiles import EMBEDDED, processes_of, servers_of
from stack.profiles import SERVICES as SERVICES

# Every second one, so that the next one is free for what a server listens on besides.
_BELOW_EPHEMERAL = range(20_000, 32_000, 2)


def default_ports(
    profile: str = EMBEDDED, *, gateway: int = 8000, broker: int = 19092
) -> dict[str, int]:
    """The services lie side by side, from the gateway's port upwards; so do the servers.

    Raises StackError when a server's port is one of the services'.
    """
    services = {name: gateway + n for n, name in enumerate(SERVICES)}
    _, *stores = servers_of(profile)
    servers = {"broker": broker} | {name: broker + 2 + n for n, name in enumerate(stores)}
    for server, port in servers.items():
        for name in [name for name in services if services[name] == port]:
            raise StackError(
                f"Port {port} can't be both the {server}'s and that of {name}: the services take "
                f"{gateway} to {max(services.values())}. Choose --broker-port outside of these."
            )
    return servers | services


def free_ports(names: Iterable[str] = processes_of(EMBEDDED)) -> dict[str, int]:
    """Ports that nothing listens on now, and that the system gives to no outgoing connection.

    A port of the ephemeral range could be gone when its process is started again after a kill.
    """
    candidates = iter(random.sample(_BELOW_EPHEMERAL, len(_BELOW_EPHEMERAL)))
    free = (port for port in candidates if _can_listen(port) and _can_listen(port + 1))
    return {name: next(free) for name in names}


def controller_port(broker: int) -> int:
    """Where Kafka's controller listens, beside its broker."""
    return broker + 1


def require_free(ports: Mapping[str, int]) -> None:
    """Raises StackError naming every port that is taken and, where the system tells, by whom."""
    taken = dict(ports)

    def all_free() -> bool:
        for name in [name for name, port in taken.items() if _can_listen(port)]:
            del taken[name]
        return not taken

    # A process that was killed a moment ago may still be letting go of its port.
    if poll_until(all_free, timeout_s=1):
        return
    listed = ", ".join(f"port {port} ({name}) by {_holder(port)}" for name, port in taken.items())
    raise StackError(
        f"Nothing was started, because a port is in use: {listed}. Free it, or choose others "
        "with --gateway-port, --broker-port or --auto-ports."
    )


def _can_listen(port: int) -> bool:
    with socket.socket() as candidate:
        # As servers do: a port whose old connections are still draining counts as free.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((HOST, port))
            candidate.listen(1)
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        listeners = [
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
        ]
        named = [f"{psutil.Process(pid).name()} (pid {pid})" for pid in listeners if pid]
    except psutil.Error:
        named = []
    return named[0] if named else "another process"
