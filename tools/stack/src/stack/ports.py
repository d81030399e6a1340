import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

import psutil

from stack.errors import StackError

HOST = "127.0.0.1"
SERVICES = ("gateway", "auth", "chat", "ingest", "ledger", "catalog")


def default_ports(*, gateway: int = 8000, broker: int = 19092) -> dict[str, int]:
    """The services lie side by side, from the gateway's port upwards."""
    return {"broker": broker} | {name: gateway + n for n, name in enumerate(SERVICES)}


def free_ports(names: Iterable[str] = ("broker", *SERVICES)) -> dict[str, int]:
    """Ports that nothing listens on now; all are held together, so none is given twice."""
    with ExitStack() as held:
        ports = {}
        for name in names:
            listener = held.enter_context(socket.socket())
            listener.bind((HOST, 0))
            ports[name] = listener.getsockname()[1]
        return ports


def require_free(ports: Mapping[str, int]) -> None:
    """Raises StackError naming every port that is taken and, where the system tells, by whom."""
    taken = {name: port for name, port in ports.items() if not _can_listen(port)}
    if not taken:
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
