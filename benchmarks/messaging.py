"""`python -m benchmarks.messaging`: what delivery costs, beside the same without its promises."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

import uvloop

from benchmarks import consuming, relaying, round_trips
from benchmarks.report import RESULTS, Figure, surroundings, table, write
from messaging.garbage import spare_the_collector
from testkit.kafka import new_kafka
from testkit.postgres import new_postgres

RESULT: Final = RESULTS / "bench-messaging.json"
NAMES: Final = ("consume", "relay", "roundtrip")
PACKAGES: Final = ("aiokafka", "asyncpg", "faststream", "pydantic", "sqlalchemy", "uvloop")

Measure: TypeAlias = Callable[[], Coroutine[Any, Any, list[Figure]]]


def main() -> int:
    """0; an aim that is missed is a figure too."""
    options = _options()
    # Its servers end with it, whoever ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    spare_the_collector()
    figures: list[Figure] = []
    with new_kafka() as kafka, new_postgres() as postgres:
        broker, rounds = kafka.bootstrap_servers, options.rounds
        measures: dict[str, Measure] = {
            "consume": lambda: consuming.measure(broker, rounds=rounds, messages=options.messages),
            "relay": lambda: relaying.measure(
                broker, postgres, rounds=rounds, messages=options.messages
            ),
            "roundtrip": lambda: round_trips.measure(
                broker, postgres, rounds=rounds, trips=options.trips
            ),
        }
        for name in options.only or measures:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                figures += runner.run(measures[name]())
    print(table(figures))
    print(", ".join(f"{name} {value}" for name, value in surroundings(*PACKAGES).items()))
    if not options.only:
        write(RESULT, figures)
        print(f"written to {RESULT.relative_to(RESULTS.parent.parent)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messaging", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, help="not all; nothing is written")
    parser.add_argument("--rounds", type=int, default=7, help="how often each pair is measured")
    parser.add_argument("--messages", type=int, default=20_000, help="of consume and relay")
    parser.add_argument("--trips", type=int, default=200, help="round trips in a round")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
