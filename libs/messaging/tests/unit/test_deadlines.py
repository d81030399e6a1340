import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.messaging.tests.notes import PrintNote
from libs.messaging.tests.unit.test_durable import Printer, Running, print_at_once

from testkit.waiting import in_background
from testkit.workbench import outcomes_of


async def never_ends(_command: PrintNote, _job: Running) -> None:
    await asyncio.Event().wait()


async def test_a_handler_that_runs_beyond_the_deadline_is_cancelled_and_the_command_refused() -> (
    None
):
    printer = Printer(never_ends, deadlines_s={PrintNote: 0.05})
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    [outcome] = outcomes_of(printer.store.outbox).values()
    assert (outcome.state, outcome.problem and outcome.problem.type) == (
        "refused",
        "/problems/deadline-exceeded",
    )
    assert not printer.store.jobs
    assert not printer.store.letters


async def test_what_waited_beyond_its_deadline_is_not_begun() -> None:
    begun: list[UUID] = []

    async def handle(command: PrintNote, job: Running) -> None:
        begun.append(command.note_id)
        await print_at_once(command, job)

    printer = Printer(handle, deadlines_s={PrintNote: 60.0})
    async with in_background(printer.workers.run()):
        late = await printer.take(sent=datetime.now(UTC) - timedelta(seconds=61))
        in_time = await printer.take(sent=datetime.now(UTC) - timedelta(seconds=5))
        await printer.has_settled(late, in_time)
    assert printer.states() == {late: "refused", in_time: "succeeded"}
    assert len(begun) == 1


async def test_a_handler_whose_own_time_runs_out_is_tried_again_like_after_any_error() -> None:
    runs = 0

    async def handle(command: PrintNote, job: Running) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise TimeoutError
        await print_at_once(command, job)

    printer = Printer(handle, deadlines_s={PrintNote: 60.0})
    async with in_background(printer.workers.run()):
        command_id = await printer.take()
        await printer.has_settled(command_id)
    assert printer.states() == {command_id: "succeeded"}
