import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stack.demo.run import run_demo
from stack.embedded import Stack
from stack.errors import StackError
from stack.interrupts import terminate_like_interrupt
from stack.layout import DEFAULT_DATA_DIR, Layout
from stack.logs import NO_LOGS, choose, follow, last_lines
from stack.ports import default_ports, free_ports
from stack.profiles import EMBEDDED, PROFILES, processes_of
from stack.report import Report
from stack.secrets import secrets_file
from stack.status import ProcessStatus, StackStatus


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    terminate_like_interrupt()
    try:
        status: int = options.run(options)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; what was started is stopped again.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; what is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _up(options: argparse.Namespace) -> int:
    report = Report(Console())
    stack = Stack(options.data_dir, _chosen_ports(options), profile=options.profile, report=report)
    stack.up()
    report.say(f"Frontdesk is up at {stack.url}")
    report.say(f"  pages about the API   {stack.url}/api/docs")
    report.say(f"  the first admin       {stack.secrets.admin_email}")
    report.say(f"  the admin's password  in {secrets_file(stack.layout)}")
    return 0


def _chosen_ports(options: argparse.Namespace) -> dict[str, int] | None:
    profile = Stack(options.data_dir, profile=options.profile).profile
    if options.auto_ports:
        return free_ports(processes_of(profile))
    asked = {"gateway": options.gateway_port, "broker": options.broker_port}
    given = {name: port for name, port in asked.items() if port is not None}
    return default_ports(profile, **given) if given else None


def _down(options: argparse.Namespace) -> int:
    report = Report(Console())
    with report.working("Stopping"):
        stopped = Stack(options.data_dir).down()
    report.say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def _status(options: argparse.Namespace) -> int:
    status = Stack(options.data_dir).status()
    if options.json:
        print(json.dumps(status.as_json(), indent=2))
    else:
        Console().print(_table(status))
    return 0 if status.healthy else 1


def _table(status: StackStatus) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("process")
    for column in ("pid", "port", "health", "PSS MiB", "RSS MiB", "uptime"):
        table.add_column(column, justify="right")
    for process in status.processes:
        table.add_row(process.name, *_cells(process))
    totals = _mebibytes(status.pss_total_bytes), _mebibytes(status.rss_total_bytes)
    table.add_row("total", "", "", "", *totals, f"{_mebibytes(status.data_bytes)} MiB of data")
    return table


def _cells(process: ProcessStatus) -> tuple[str, ...]:
    if process.pid is None:
        return ("-", str(process.port), process.health, "-", "-", "-")
    minutes, seconds = divmod(int(process.uptime_s), 60)
    return (
        str(process.pid),
        str(process.port),
        process.health,
        _mebibytes(process.pss_bytes),
        _mebibytes(process.rss_bytes),
        f"{minutes // 60}:{minutes % 60:02}:{seconds:02}",
    )


def _mebibytes(size_bytes: int | None) -> str:
    return "-" if size_bytes is None else f"{size_bytes / 2**20:.1f}"


def _logs(options: argparse.Namespace) -> int:
    logs = choose(Layout.at(options.data_dir), options.name)
    if not logs:
        print(NO_LOGS)
        return 0
    for line in last_lines(logs, lines=options.lines):
        print(line)
    if options.follow:
        with suppress(KeyboardInterrupt):
            for line in follow(logs):
                print(line, flush=True)
    return 0


def _demo(options: argparse.Namespace) -> int:
    return run_demo(Report(Console()), profile=options.profile or EMBEDDED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stack", description="The whole of Frontdesk on this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    up = commands.add_parser("up", help="start what isn't running and wait until it is ready")
    up.add_argument("--gateway-port", type=_port, metavar="N", help="8000; the others follow it")
    up.add_argument("--broker-port", type=_port, metavar="N", help="19092")
    up.add_argument("--auto-ports", action="store_true", help="take ports that are free")
    up.set_defaults(run=_up)

    down = commands.add_parser("down", help="stop everything; data stays")
    down.set_defaults(run=_down)

    status = commands.add_parser("status", help="processes, health and memory")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)

    logs = commands.add_parser("logs", help="what the processes wrote")
    logs.add_argument("name", nargs="?", help="of one process alone")
    logs.add_argument("--follow", action="store_true")
    logs.add_argument("--lines", type=int, default=20, metavar="N")
    logs.set_defaults(run=_logs)

    demo = commands.add_parser("demo", help="show it all on a stack of its own, then remove it")
    demo.set_defaults(run=_demo)

    for command in (up, demo):
        command.add_argument(
            "--profile", choices=PROFILES, help="on wheels alone, or on Kafka and databases"
        )
    for command in (up, down, status, logs):
        command.add_argument("--data-dir", type=Path, default=DEFAULT_DATA_DIR, metavar="DIR")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65_000:
        raise argparse.ArgumentTypeError("a port lies between 1024 and 65000")
    return port
