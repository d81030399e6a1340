"""Makes the declared topics on the broker, once, before the services start."""

import asyncio
import os

from messaging import topics


def main() -> None:
    applied = asyncio.run(topics.apply(os.environ["KAFKA_BOOTSTRAP_SERVERS"]))
    print("\n".join(applied.lines() or ["every topic is as it is declared"]))


if __name__ == "__main__":
    main()
