"""The files of the project, as the architecture tests see them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

from workspace import ROOT


@cache
def project_files() -> tuple[Path, ...]:
    """All files that are committed or about to be, by their paths inside the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (Path(name) for name in sorted(set(listed.stdout.split("\0"))) if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


def python_files() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".py"]


def files_of_tests() -> list[Path]:
    return [path for path in python_files() if "tests" in path.parts]


def production_files() -> list[Path]:
    """What is neither a test nor a migration."""
    return [path for path in python_files() if not {"tests", "migrations"} & set(path.parts)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def is_under(path: Path, *folders: str) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
