import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from stack.errors import StackError
from stack.processes import poll_until

HOST = "127.0.0.1"
_BELOW_EPHEMERAL = range(20_000, 32_000)
SERVICES = ("gateway", "auth", "chat", "ingest", "ledger", "catalog")


def default_ports(*, gateway: int = 8000, broker: int = 19092) -> dict[str, int]:
    """The services lie side by side, from the gateway's port upwards.

    Raises StackError when the broker's port is one of theirs.
    """
    services = {name: gateway + n for n, name in enumerate(SERVICES)}
    for name, port in services.items():
        if port == broker:
            raise StackError(
                f"Port {port} can't be both the broker's and that of {name}: the services take "
                f"{gateway} to {max(services.values())}. Choose --broker-port outside of these."
            )
    return {"broker": broker} | services


def free_ports(names: Iterable[str] = ("broker", *SERVICES)) -> dict[str, int]:
    """Ports that nothing listens on now, and that the system gives to no outgoing connection.

    A port of the ephemeral range could be gone when its process is started again after a kill.
    """
    candidates = iter(random.sample(_BELOW_EPHEMERAL, len(_BELOW_EPHEMERAL)))
    return {name: next(port for port in candidates if _can_listen(port)) for name in names}


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


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


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
