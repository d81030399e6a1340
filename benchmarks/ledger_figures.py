"""The figures of `bench-ledger`: medians, and ratios of what was measured in the same round."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final

from benchmarks.ledger_peers import PEERS
from benchmarks.report import Figure, Rounds

NAMES: Final = (
    *("pgbench", "store", "store_with_outbox", "hot", "path", "one_by_one"),
    *("growth", "memory"),
)

_PGBENCH: Final = "pgbench tpcb-like, 8 clients, on the same PostgreSQL"

# Name, what is measured, beside what, what that is, and the aim.
_RATIOS: Final = (
    ("store_vs_pgbench", "store", "pgbench", _PGBENCH, ">= 7"),
    ("path_vs_pgbench", "path", "pgbench", _PGBENCH, ">= 4"),
    ("hot_vs_uniform", "hot", "store", "the store with 10,000 accounts used alike", ">= 1"),
    # Times per transfer: the other way about than rates.
    ("growth_10m_vs_100k", "small", "large", "time per transfer at 100,000 entries", "<= 1.2"),
)
_RATES: Final = ("store", "store_with_outbox", "hot", "path", "pgbench", "one_by_one", *PEERS)


def rate_figures(taken: Mapping[str, Sequence[float]]) -> list[Figure]:
    """All that can be said of the rates that were taken, by who was measured."""
    return [*_ratios(taken), *_rates(taken)]


def _ratios(taken: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    for name, ours, other, baseline, aim in _RATIOS:
        if ours in taken and other in taken:
            rounds = Rounds(list(taken[ours]), list(taken[other]))
            yield Figure(name=name, value=rounds.ratio, unit="ratio", baseline=baseline, aim=aim)


def _rates(taken: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    for name in _RATES:
        if name in taken:
            yield Figure(name=f"{name}_rate", value=median(taken[name]), unit="transfers/s")
