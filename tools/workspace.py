"""Where the project lies and what it is made of. Runs under Python 3.6, before any set-up."""

from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"


def members() -> List[Path]:
    """The folders of the workspace's packages: libraries, services, tools, each by name."""
    found: List[Path] = []
    for group in ("libs", "services", "tools"):
        found += sorted(path.parent for path in (ROOT / group).glob("*/pyproject.toml"))
    return found


def services() -> List[str]:
    return [path.name for path in members() if path.parent.name == "services"]


def distribution(member: Path) -> str:
    """The name that a member has as a package."""
    return "frontdesk-" + member.name
