"""`make lock`: resolves requirements.lock from every member's declarations; `--check` compares.

The lock holds versions and hashes for every platform and no addresses: any mirror can serve it.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workspace import LOCK, ROOT, VENV, distribution, members

OLDEST_PYTHON = "3.11"


def main() -> int:
    if "--check" in sys.argv:
        complaints = [*_undeclared_or_outdated(), *_addresses()]
        print("\n".join(complaints))
        return 1 if complaints else 0
    return subprocess.run([*_compile(), *sys.argv[1:]], cwd=ROOT, check=False).returncode


def _compile() -> list[str]:
    sources = [str(path.relative_to(ROOT)) for path in _declarations()]
    own = [option for name in _own_names() for option in ("--no-emit-package", name)]
    return [
        *(str(VENV / "bin" / "uv"), "pip", "compile", "--quiet", *sources, "--group", "dev"),
        *("--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"),
        *("--no-header", "--no-annotate", *own, "--output-file", LOCK.name),
    ]


def _declarations() -> list[Path]:
    return [ROOT / "pyproject.toml", *(member / "pyproject.toml" for member in members())]


def _own_names() -> set[str]:
    return {distribution(member) for member in members()}


def _undeclared_or_outdated() -> Iterator[str]:
    locked = _locked_versions()
    for path in _declarations():
        document = tomllib.loads(path.read_text())
        declared = document["project"].get("dependencies", [])
        for text in [*declared, *document.get("dependency-groups", {}).get("dev", [])]:
            wanted = Requirement(text)
            name = canonicalize_name(wanted.name)
            if name in _own_names():
                continue
            versions = locked.get(name, [])
            if not any(
                wanted.specifier.contains(version, prereleases=True) for version in versions
            ):
                has = ", ".join(map(str, versions)) or "none"
                yield f"{path.relative_to(ROOT)} asks for {text}; the lock has {has}"


def _locked_versions() -> dict[str, list[Version]]:
    versions: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK.read_text(), re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(Version(version))
    return versions


def _addresses() -> Iterator[str]:
    for number, line in enumerate(LOCK.read_text().splitlines(), start=1):
        if "://" in line or line.startswith("-"):
            yield f"{LOCK.name}:{number} holds an address or an option: {line}"


if __name__ == "__main__":
    sys.exit(main())
