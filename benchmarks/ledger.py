"""`python -m benchmarks.ledger`: what the ledger can post, beside pgbench on the same server."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.ledger_figures import NAMES, rate_figures
from benchmarks.ledger_peers import PEERS, Peer
from benchmarks.ledger_rates import Bench, take_in_turns
from benchmarks.ledger_server import Servers, running_servers
from benchmarks.report import RESULTS, Figure, surroundings, table, write
from messaging.garbage import spare_the_collector

RESULT: Final = RESULTS / "bench-ledger.json"
PACKAGES: Final = ("aiokafka", "asyncpg", "faststream", "pydantic", "sqlalchemy", "uvloop")


def main() -> int:
    """0; an aim that is missed is a figure too."""
    options = _options()
    # Its servers end with it, whoever ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    spare_the_collector()
    with (
        running_servers(options.folder) as servers,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        figures = runner.run(_measure(servers, options))
    print(table(figures))
    print(", ".join(f"{name} {value}" for name, value in surroundings(*PACKAGES).items()))
    if not options.only:
        write(RESULT, figures)
        print(f"written to {RESULT.relative_to(RESULTS.parent.parent)}")
    return 0


async def _measure(servers: Servers, options: argparse.Namespace) -> list[Figure]:
    wanted = options.only or NAMES
    async with AsyncExitStack() as stack:
        peers = {name: PEERS[name](url) for name, url in options.peers}
        for peer in peers.values():
            stack.push_async_callback(peer.close)
            await peer.open()
        _say("opening accounts")
        bench = await Bench.opened(servers, count=options.transfers, seconds=options.seconds)
        taken = await _rates(bench, wanted, peers, options)
        figures = rate_figures(taken)
        if "memory" in wanted:
            _say("measuring memory")
            figures.append(await bench.memory(options.most))
    return figures


async def _rates(
    bench: Bench, wanted: Sequence[str], peers: dict[str, Peer], options: argparse.Namespace
) -> dict[str, list[float]]:
    measures = {name: measure for name, measure in bench.rates.items() if name in wanted}
    if "growth" in wanted:
        _say(f"filling a book with {options.entries:,} entries")
        measures |= await bench.growth(options.entries)
    for name, peer in peers.items():
        measures[name] = lambda peer=peer: peer.rate(options.seconds)  # type: ignore[misc]
    return await take_in_turns(options.rounds, measures, say=_say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", choices=NAMES, help="not all; nothing is written")
    add("--rounds", type=int, default=5, help="how often each is measured, after once to warm up")
    add("--transfers", type=int, default=60_000, help="in each round, of store and path")
    add("--seconds", type=int, default=4, help="of a round of what is measured by time")
    add("--entries", type=int, default=10_000_000, help="in the grown book")
    add("--most", type=int, default=1_000_000, help="transfers while memory is watched")
    add("--folder", type=Path, help="on a disk, for the servers' data (default: /var/tmp)")
    add("--peer", action="append", default=[], choices=PEERS, help="another ledger, and")
    add("--peer-url", action="append", default=[], help="its address; both may be repeated")
    options = parser.parse_args()
    if len(options.peer) != len(options.peer_url):
        parser.error("each --peer goes with a --peer-url")
    options.peers = list(zip(options.peer, options.peer_url, strict=True))
    return options


if __name__ == "__main__":
    sys.exit(main())
