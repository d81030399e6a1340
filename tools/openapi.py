"""`make contracts`: the committed OpenAPI document of the public API; `--check` compares."""

import json
import sys

from gateway.entrypoints.http.public import public_document
from workspace import ROOT

DOCUMENT = ROOT / "docs" / "openapi" / "gateway.json"


def main() -> int:
    text = json.dumps(public_document(), indent=2, sort_keys=True) + "\n"
    if "--check" in sys.argv:
        is_current = DOCUMENT.exists() and DOCUMENT.read_text() == text
        if not is_current:
            print(f"{DOCUMENT.relative_to(ROOT)} is stale: run `make contracts`", file=sys.stderr)
        return 0 if is_current else 1
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
