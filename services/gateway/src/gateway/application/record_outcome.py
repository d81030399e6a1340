from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.gateway import OperationView, Outcome
from gateway.application.ports import GatewayWork
from gateway.application.waiters import Waiters


@dataclass(frozen=True)
class RecordOutcome:
    """The outcome ends its operation, and wakes whoever waits for it."""

    waiters: Waiters

    async def __call__(self, outcome: Outcome, work: GatewayWork) -> None:
        work.answered(outcome.command_id)
        operation = await work.operations.get(outcome.command_id)
        if operation is None:
            return
        operation.finish(
            outcome.state,
            result=outcome.result,
            problem=outcome.problem.model_dump(mode="json") if outcome.problem else None,
            at=datetime.now(UTC),
        )
        await work.operations.save(operation)
        self.waiters.notice(OperationView.model_validate(vars(operation)))
