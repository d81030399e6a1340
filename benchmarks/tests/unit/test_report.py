import json
from pathlib import Path

import pytest

from benchmarks.report import Figure, Rounds, in_turns, percentile, table, write

RATIO = Figure(name="ours_vs_raw", value=1.8349, unit="ratio", baseline="a raw loop", aim="<= 2")
RATE = Figure(name="rate", value=12_345.6, unit="messages/s")


def test_a_ratio_is_the_median_over_pairs_so_that_one_bad_moment_changes_nothing() -> None:
    assert Rounds(ours=[10, 11, 900, 12, 10], baseline=[5, 5.5, 6, 6, 5]).ratio == 2


def test_pairs_that_are_not_complete_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        _ = Rounds(ours=[1, 2], baseline=[1]).ratio


async def test_both_are_measured_in_turns_and_the_warm_up_counts_for_neither() -> None:
    calls: list[str] = []

    async def ours() -> float:
        calls.append("ours")
        return len(calls)

    async def baseline() -> float:
        calls.append("baseline")
        return len(calls)

    taken = await in_turns(3, ours, baseline)
    assert calls[2:] == ["ours", "baseline", "baseline", "ours", "ours", "baseline"]
    assert (taken.ours, taken.baseline) == ([3, 6, 7], [4, 5, 8])


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(
    ("aim", "value", "is_reached"),
    [("<= 2", 2.0, True), ("<= 2", 2.1, False), (">= 0.5", 0.5, True), (">= 0.5", 0.4, False)],
)
def test_an_aim_is_reached_at_its_bound(aim: str, value: float, is_reached: bool) -> None:
    assert Figure(name="x", value=value, unit="ratio", aim=aim).is_reached is is_reached


def test_a_figure_without_an_aim_neither_reaches_nor_misses_it() -> None:
    assert RATE.is_reached is None


def test_an_aim_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ValueError, match="'about 2' is not an aim"):
        Figure(name="x", value=1, unit="ratio", aim="about 2")


def test_figures_are_written_flat_by_name_with_the_digits_that_count(tmp_path: Path) -> None:
    path = tmp_path / "results" / "bench.json"
    write(path, [RATIO, RATE])
    assert json.loads(path.read_text()) == {
        "ours_vs_raw": {
            "value": 1.83,
            "unit": "ratio",
            "baseline": "a raw loop",
            "aim": "<= 2",
        },
        "rate": {"value": 12346, "unit": "messages/s"},
    }


def test_the_table_shows_each_figure_in_columns_and_whether_its_aim_is_reached() -> None:
    header, first, second = table([RATIO, RATE]).splitlines()
    assert first.split() == ["ours_vs_raw", "1.83", "ratio", "<=", "2", "reached"]
    assert second.split() == ["rate", "12346", "messages/s"]
    assert header.index("aim") == first.index("<=")
