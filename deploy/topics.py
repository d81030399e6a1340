"""Makes the declared topics that the broker lacks, once, before the services start."""

import asyncio
import os

from messaging import topics


def main() -> None:
    made = asyncio.run(topics.apply(os.environ["KAFKA_BOOTSTRAP_SERVERS"]))
    print(f"topics made: {', '.join(made) or 'none'}")


if __name__ == "__main__":
    main()
