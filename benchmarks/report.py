"""What a benchmark has found: medians of interleaved rounds, as a table and as JSON."""

import json
import platform
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

RESULTS: Final = Path(__file__).parent / "results"

FEWEST_ROUNDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number under a name of its own. A ratio says of what, and what it should be."""

    name: str
    value: float
    unit: str
    baseline: str | None = None
    aim: str | None = None

    def __post_init__(self) -> None:
        if self.aim is not None:
            _bound(self.aim)

    @property
    def is_reached(self) -> bool | None:
        """Is the aim reached? None when there is none."""
        if self.aim is None:
            return None
        relation, bound = _bound(self.aim)
        return self.value <= bound if relation == "<=" else self.value >= bound


@dataclass(frozen=True)
class Rounds:
    """The same measure of ours and of its baseline, taken in turns: round by round a pair."""

    ours: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Ours to the baseline: the median over the pairs. A pair has had the same weather."""
        return median(mine / other for mine, other in zip(self.ours, self.baseline, strict=True))


async def in_turns(
    rounds: int,
    ours: Callable[[], Awaitable[float]],
    baseline: Callable[[], Awaitable[float]],
) -> Rounds:
    """Measure both once to warm up, then in turns; every other round begins with the other."""
    await baseline()
    await ours()
    taken = Rounds()
    measures = [(ours, taken.ours), (baseline, taken.baseline)]
    for _ in range(rounds):
        for measure, found in measures:
            found.append(await measure())
        measures.reverse()
    return taken


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that `percent` % of them don't exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(ceil(len(ranked) * percent / 100), 1) - 1]


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns, for people."""
    rows = [("", "value", "unit", "aim", "")]
    rows += [
        (f.name, _rounded(f.value), f.unit, f.aim or "", _verdict(f.is_reached)) for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for name, value, *rest in rows:
        padded = [cell.ljust(width) for cell, width in zip(rest, widths[2:], strict=True)]
        cells = [name.ljust(widths[0]), value.rjust(widths[1]), *padded]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def write(path: Path, figures: Sequence[Figure]) -> None:
    """The figures by name as JSON; members that are None are left out."""
    content = {
        figure.name: {
            name: member
            for name, member in asdict(figure).items()
            if name != "name" and member is not None
        }
        | {"value": float(_rounded(figure.value))}
        for figure in figures
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def surroundings(*packages: str) -> Mapping[str, Any]:
    """What a figure depends on: the size of the machine and the versions, and no names."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def _bound(aim: str) -> tuple[str, float]:
    """Raises ValueError for an aim that isn't like `<= 2` or `>= 0.5`."""
    relation, _, bound = aim.partition(" ")
    if relation not in {"<=", ">="}:
        raise ValueError(f"{aim!r} is not an aim like '<= 2'")
    return relation, float(bound)


def _rounded(value: float) -> str:
    """Three digits that count; more would be noise."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(is_reached: bool | None) -> str:
    return {None: "", True: "reached", False: "missed"}[is_reached]
