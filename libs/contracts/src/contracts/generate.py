"""`python -m contracts.generate [--check | --release VERSION]`.

Writes the JSON Schema of each topic, and a golden sample for each message that has none; `--check`
only says what is stale. `--release` copies both, for good, to what later versions must get on with.
"""

import argparse
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from contracts.registry import UNIONS
from contracts.samples import SAMPLES, missing_samples, samples_of_nothing

SCHEMAS: Final = Path(__file__).parents[2] / "schemas"
RELEASED: Final = Path(__file__).parents[2] / "released"


class NotReleased(Exception):
    """The version can't be released; the message says why."""


def schema_files() -> dict[Path, str]:
    """Path and text of the schema of each topic (JSON Schema 2020-12)."""
    return {
        SCHEMAS / f"{topic.name}.json": json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": topic.name,
                **TypeAdapter(union).json_schema(),
            },
            indent=2,
            sort_keys=True,
        )
        + "\n"
        for topic, union in UNIONS.items()
    }


def stale_files() -> list[Path]:
    """The schemas and samples that are missing, differ from the models, or belong to nothing."""
    return [*_stale_schemas(), *missing_samples(), *samples_of_nothing()]


def write() -> None:
    """Bring schemas up to date, and add the samples that are missing; the others stay."""
    for path in (*_stale_schemas(), *samples_of_nothing()):
        path.unlink(missing_ok=True)
    for path, text in (schema_files() | missing_samples()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def release(version: str, released: Path = RELEASED) -> Path:
    """Keep today's schemas and samples as those of `version`; returns their folder.

    Raises NotReleased for a version that is released already or isn't one, and while files are
    stale.
    """
    folder = released / version
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise NotReleased(f"{version} is not a version like 1.4.0")
    if folder.exists():
        raise NotReleased(f"{version} is released, and its messages are out in the world")
    if stale := stale_files():
        raise NotReleased(f"{stale[0].name} is stale: run `make contracts`")
    shutil.copytree(SCHEMAS, folder / "schemas")
    shutil.copytree(SAMPLES, folder / "samples")
    return folder


def released_versions(released: Path = RELEASED) -> list[Path]:
    """The folder of each released version, oldest first."""
    return sorted(
        (path for path in released.iterdir() if path.is_dir()),
        key=lambda path: [int(number) for number in path.name.split(".")],
    )


def main() -> int:
    arguments = _arguments()
    if arguments.check:
        stale = stale_files()
        for path in stale:
            print(f"{path.name} is stale: run `make contracts`", file=sys.stderr)
        return 1 if stale else 0
    if arguments.release:
        try:
            release(arguments.release)
        except NotReleased as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    write()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="contracts.generate", description=__doc__)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true")
    either.add_argument("--release", metavar="VERSION")
    return parser.parse_args()


def _stale_schemas() -> list[Path]:
    wanted = schema_files()
    unknown = [path for path in SCHEMAS.glob("*.json") if path not in wanted]
    return unknown + [
        path for path, text in wanted.items() if not path.exists() or path.read_text() != text
    ]


if __name__ == "__main__":
    sys.exit(main())
