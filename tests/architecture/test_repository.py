import re
import subprocess
from pathlib import Path

from tests.architecture.sources import project_files

from workspace import LOCK, ROOT

PERSONAL_PATHS = re.compile(r"(?<![\w.$}-])/(?:root|home/\w+|Users/\w+)/")


def texts() -> dict[Path, str]:
    found = {}
    for path in project_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            found[path] = content.decode(errors="replace")
    return found


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    # A checkout at the top of a disk (/app) has a name too short to tell it from other words.
    checkout = f"{ROOT}/" if len(ROOT.parts) > 2 else "\0"
    leaks = [
        f"{path}: {match.group()}"
        for path, text in texts().items()
        for match in re.finditer(f"{PERSONAL_PATHS.pattern}|{re.escape(checkout)}", text)
    ]
    assert not leaks


def test_personal_paths_are_recognised() -> None:
    assert PERSONAL_PATHS.search("see /" + "home/ada/notes")
    assert PERSONAL_PATHS.search("'/" + "root/.cache'")
    assert not PERSONAL_PATHS.search("GET /users/me")


def test_the_lock_holds_versions_and_hashes_and_no_addresses() -> None:
    lines = [line for line in LOCK.read_text().splitlines() if line]
    pin = re.compile(r"[\w.-]+==[\w.+!-]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert not [line for line in lines if not pin.fullmatch(line)]


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"ready"}
    listed = subprocess.run(
        ["make", "--silent", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert set(re.findall(r"^  make ([a-z-]+)", listed.stdout, re.MULTILINE)) == targets


def test_no_conflict_marker_and_no_link_out_of_the_project_is_kept() -> None:
    marker = "<" * 7 + " "
    assert not [str(path) for path, text in texts().items() if f"\n{marker}" in f"\n{text}"]
    links = [path for path in project_files() if (ROOT / path).is_symlink()]
    assert not [str(p) for p in links if not (ROOT / p).resolve().is_relative_to(ROOT)]
