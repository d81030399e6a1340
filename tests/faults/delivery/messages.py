"""What the system under test speaks of: counters that are moved and never fall below zero."""

from typing import ClassVar, Final, Literal

from contracts.contract import Command, Event, View
from contracts.problems import ProblemTable, ProblemType
from contracts.topics import LEDGER_COMMANDS, LEDGER_EVENTS, Topic

COUNTERS: Final = tuple(f"counter-{n:02}" for n in range(40))

DEFECT: Final = 0
"""An amount that the ledger's handler can't cope with."""


class Move(Command):
    """Sent by the gateway; answered with a CounterView, or refused: a total is never negative."""

    topic: ClassVar[Topic] = LEDGER_COMMANDS
    aggregate: ClassVar[str] = "counter"
    type: Literal["Move"] = "Move"
    counter: str
    amount: int


class Moved(Event):
    """A counter has another total."""

    topic: ClassVar[Topic] = LEDGER_EVENTS
    aggregate: ClassVar[str] = "counter"
    type: Literal["Moved"] = "Moved"
    counter: str
    amount: int


class CounterView(View):
    """A counter after a move."""

    counter: str
    version: int


class BelowZero(Exception):
    """That would take more than there is."""

    def __init__(self, counter: str, amount: int) -> None:
        super().__init__(f"{counter} has less than {-amount}")
        self.counter = counter


PROBLEMS: Final[ProblemTable] = {BelowZero: ProblemType("below-zero", 409, "Too much was asked")}
