"""Exits with 0 when the service of this container is ready to work."""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 3


def main() -> int:
    port = os.environ[os.environ["SERVICE"].upper() + "_HTTP_PORT"]
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (URLError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
