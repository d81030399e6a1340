"""`python -m contracts.generate [--check]`: the committed JSON Schemas of all topics."""

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter

from contracts.registry import UNIONS

SCHEMAS = Path(__file__).parents[2] / "schemas"


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
    """The schema files that are missing, differ from the models, or belong to no topic."""
    wanted = schema_files()
    unknown = [path for path in SCHEMAS.glob("*.json") if path not in wanted]
    return unknown + [
        path for path, text in wanted.items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    if "--check" in sys.argv:
        stale = stale_files()
        for path in stale:
            print(f"{path.name} is stale: run `make contracts`", file=sys.stderr)
        return 1 if stale else 0
    SCHEMAS.mkdir(exist_ok=True)
    for path in stale_files():
        path.unlink(missing_ok=True)
    for path, text in schema_files().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
