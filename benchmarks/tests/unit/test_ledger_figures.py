from itertools import islice

import pytest

from benchmarks.ledger_baselines import rate_in
from benchmarks.ledger_figures import rate_figures
from benchmarks.ledger_path import Finish
from benchmarks.ledger_rates import take_in_turns
from benchmarks.ledger_samples import customers, openings, received, transfers
from benchmarks.report import Figure
from contracts.ledger import OpenAccount, PostTransaction

PGBENCH_SAYS = """\
transaction type: <builtin: TPC-B (sort of)>
scaling factor: 20
latency average = 2.208 ms
initial connection time = 8.906 ms
tps = 3623.486213 (without initial connection time)
"""


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


def test_ratios_compare_what_was_measured_in_the_same_round() -> None:
    found = by_name(
        rate_figures(
            {"store": [20.0, 40.0, 900.0], "pgbench": [2.0, 5.0, 90.0], "hot": [30, 30, 9]}
        )
    )
    assert found["store_vs_pgbench"].value == 10
    assert found["store_rate"].value == 40
    assert found["hot_vs_uniform"].value == pytest.approx(0.75)
    assert "path_vs_pgbench" not in found


def test_growth_compares_times_and_not_rates() -> None:
    [growth] = rate_figures({"small": [30.0], "large": [20.0]})
    assert (growth.name, growth.value, growth.is_reached) == ("growth_10m_vs_100k", 1.5, False)


def test_a_peer_gets_a_row_of_its_own() -> None:
    [figure] = rate_figures({"blnk": [400.0, 500.0, 450.0]})
    assert (figure.name, figure.value, figure.unit) == ("blnk_rate", 450, "transfers/s")


def test_pgbench_is_believed_without_the_time_that_connecting_took() -> None:
    assert rate_in(PGBENCH_SAYS) == pytest.approx(3623.486213)


def test_a_report_of_pgbench_without_a_rate_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rate"):
        rate_in("pgbench: error: connection failed")


async def test_all_are_measured_in_turns_and_the_warm_up_counts_for_none() -> None:
    calls: list[str] = []

    async def measure(name: str) -> float:
        calls.append(name)
        return len(calls)

    measures = {name: lambda name=name: measure(name) for name in "abc"}
    taken = await take_in_turns(2, measures, say=lambda _text: None)
    assert "".join(calls) == "abccbaabc"
    assert taken == {"a": [6, 7], "b": [5, 8], "c": [4, 9]}


def test_the_clock_of_the_path_runs_from_the_warm_up_to_the_last_message() -> None:
    finish = Finish(warm_up=10, last=40)
    finish.add_committed(9)
    assert finish.started == 0
    finish.add_committed(11)
    finish.add_committed(20)
    finish.add_sent(79)
    assert not finish.is_over.is_set()
    finish.add_sent(1)
    assert finish.is_over.is_set()
    assert finish.rate == pytest.approx(20 / (finish.ended - finish.started))


def test_transfers_are_the_same_in_each_run_but_for_their_ids() -> None:
    people = customers(50)
    runs = [
        [(one.account_id, one.to_account_id, one.amount) for one in islice(run, 100)]
        for run in (transfers(people), transfers(people))
    ]
    assert runs[0] == runs[1]
    assert all(source != target for source, target, _amount in runs[0])


def test_a_hot_account_pays_all_the_others() -> None:
    people = customers(5)
    some = list(islice(transfers(people, hot=True), 100))
    assert {one.account_id for one in some} == {people[0].account_id}
    assert {one.to_account_id for one in some} == {one.account_id for one in people[1:]}
    assert {one.owner_id for one in some} == {people[0].owner_id}


def test_a_transaction_is_sent_under_its_own_id_and_an_account_is_not() -> None:
    opening, funding = [received(command) for command in openings(customers(1))]
    assert isinstance(opening.message, OpenAccount)
    assert isinstance(funding.message, PostTransaction)
    assert funding.envelope.id == funding.message.transaction_id
    assert opening.envelope.id != opening.message.account_id
    assert PostTransaction.model_validate_json(funding.record.value or b"") == funding.message
