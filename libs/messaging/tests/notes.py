"""A tiny service for the tests of delivery: somebody writes notes."""

from typing import ClassVar, Final, Literal
from uuid import UUID

from contracts.contract import Command, Event, View
from contracts.problems import ProblemTable, ProblemType
from contracts.topics import Topic
from messaging.work import DEFERRED, Deferred, Handlers, Work

COMMANDS: Final = Topic(name="notes.commands.v1", owner="notes")
EVENTS: Final = Topic(name="notes.events.v1", owner="notes")
OUTCOMES: Final = Topic(name="notes.outcomes.v1", owner="notes")


class WriteNote(Command):
    """Answered with a NoteView, or refused when the text is rude."""

    topic: ClassVar[Topic] = COMMANDS
    aggregate: ClassVar[str] = "note_id"
    type: Literal["WriteNote"] = "WriteNote"
    note_id: UUID
    text: str


class PrintNote(Command):
    """Answered later."""

    topic: ClassVar[Topic] = COMMANDS
    aggregate: ClassVar[str] = "note_id"
    type: Literal["PrintNote"] = "PrintNote"
    note_id: UUID


class NoteWritten(Event):
    """A note is there."""

    topic: ClassVar[Topic] = EVENTS
    aggregate: ClassVar[str] = "note_id"
    type: Literal["NoteWritten"] = "NoteWritten"
    note_id: UUID
    text: str


class NoteView(View):
    """A note."""

    text: str


class RudeText(Exception):
    def __init__(self, word: str) -> None:
        super().__init__("mind your language")
        self.word = word


class StoreAway(Exception):
    """What the store raises when it can't be reached."""


PROBLEMS: Final[ProblemTable] = {RudeText: ProblemType("rude-text", 422, "Rude")}


async def write_note(command: WriteNote, work: Work) -> NoteView:
    work.announce(NoteWritten(note_id=command.note_id, text=command.text), version=1)
    if command.text == "rude":
        raise RudeText(command.text)
    if command.text == "defect":
        raise ZeroDivisionError("a programmer's mistake")
    if command.text == "away":
        raise StoreAway
    return NoteView(text=command.text)


async def print_note(command: PrintNote, work: Work) -> Deferred:
    return DEFERRED


HANDLERS: Final[Handlers] = {WriteNote: write_note, PrintNote: print_note}
