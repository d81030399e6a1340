"""A service's command line: `python -m <name>.main migrate|serve|dead-letters|outbox`."""

import asyncio
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from contracts.topics import TOPICS
from messaging.delivery_store import DeliveryStore
from web.operating import Discard, ListLetters, Redrive, Replay, ShowLetter, StoreCommand
from web.settings import ServiceSettings

Running: TypeAlias = Coroutine[Any, Any, int | None]
AddVerbs: TypeAlias = Callable[[Any], None]
S = TypeVar("S", bound=ServiceSettings)


def run_command(
    name: str,
    settings: Callable[[], S],
    open_store: Callable[[S], DeliveryStore[Any]],
    *,
    migrate: Callable[[], None],
    serve: Callable[[], Running],
    add_verbs: AddVerbs = lambda _verbs: None,
) -> int:
    """Do what the arguments say: 0, 1 when a part couldn't be done, 2 with one clear sentence.

    A coroutine runs on uvloop where there is one. Raises SystemExit when the arguments are wrong.
    """
    options = command_line(name, add_verbs).parse_args()
    try:
        match options.verb:
            case "migrate":
                migrate()
                return 0
            case "serve":
                return _run(serve())
            case _:
                return _run(_operate(name, options.make(options), settings(), open_store))
    except ValidationError as error:
        names = ", ".join(_variable(name, item["loc"][0]) for item in error.errors() if item["loc"])
        return _refuse(f"{name} can't start; these settings are missing or wrong: {names}")


def _variable(name: str, setting: int | str) -> str:
    """What the environment calls a setting: one without a name of its own has the prefix."""
    text = str(setting)
    return text if text.isupper() else f"{name}_{text}".upper()


def command_line(name: str, add_verbs: AddVerbs = lambda _verbs: None) -> ArgumentParser:
    """Parses into `verb`, and for what an operator does with the store into `make`.

    `make` takes the parsed options and returns a StoreCommand. `add_verbs` gets argparse's
    subparsers, and adds what only this service can do.
    """
    parser = ArgumentParser(prog=f"python -m {name}.main")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    verbs.add_parser("migrate", help="bring the store up to date")
    verbs.add_parser("serve", help="run the service")
    _add_dead_letters(verbs)
    _add_outbox(verbs)
    add_verbs(verbs)
    return parser


def _add_dead_letters(verbs: Any) -> None:
    letters = verbs.add_parser("dead-letters", help="messages that could not be handled")
    actions = letters.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="the open ones, newest first")
    listing.add_argument("--everything", action="store_true", help="those done with, too")
    listing.add_argument("--limit", type=int, default=50, metavar="N")
    listing.set_defaults(make=lambda o: ListLetters(limit=o.limit, everything=o.everything))

    show = actions.add_parser("show", help="one of them, whole")
    show.add_argument("id", type=int, metavar="ID")
    show.set_defaults(make=lambda o: ShowLetter(id=o.id))

    redrive = actions.add_parser("redrive", help="publish them again, as they came")
    which = redrive.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", type=int, nargs="*", default=[], metavar="ID")
    which.add_argument("--all", action="store_true", help="all that are open")
    redrive.set_defaults(make=lambda o: Redrive(ids=None if o.all else o.ids))

    discard = actions.add_parser("discard", help="put them aside; they are kept for the record")
    discard.add_argument("ids", type=int, nargs="+", metavar="ID")
    discard.set_defaults(make=lambda o: Discard(ids=o.ids))


def _add_outbox(verbs: Any) -> None:
    outbox = verbs.add_parser("outbox", help="what this service has published")
    actions = outbox.add_subparsers(required=True, metavar="ACTION")
    replay = actions.add_parser("replay", help="publish again what was committed in a time")
    replay.add_argument("--since", type=_moment, required=True, metavar="TIME")
    replay.add_argument("--until", type=_moment, metavar="TIME", help="now, if not given")
    replay.add_argument("--topic", type=_topic, help="only the messages to this one")
    replay.set_defaults(
        make=lambda o: Replay(since=o.since, until=o.until or datetime.now(UTC), topic=o.topic)
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} isn't a time like 2026-11-22T09:30:00Z") from error
    if moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone; for UTC end it with a Z")
    return moment


def _topic(name: str) -> str:
    if name not in {topic.name for topic in TOPICS}:
        raise ArgumentTypeError(f"there is no topic {name!r}")
    return name


async def _operate(
    name: str, command: StoreCommand, settings: S, open_store: Callable[[S], DeliveryStore[Any]]
) -> int:
    # Imported here, for it brings the drivers of all stores and only an operator waits for them.
    from storage.failures import STORE_ERRORS

    if (file := _missing_file(settings.database_url)) is not None:
        return _refuse(f"the store of {name} isn't there: {file}")
    try:
        async with _opened(settings, open_store) as delivery:
            return await command.run(delivery)
    except STORE_ERRORS as error:
        return _refuse(f"the store of {name} doesn't answer as it should: {error}")


@asynccontextmanager
async def _opened(
    settings: S, open_store: Callable[[S], DeliveryStore[Any]]
) -> AsyncIterator[DeliveryStore[Any]]:
    delivery = open_store(settings)
    try:
        yield delivery
    finally:
        await delivery.close()


def _missing_file(database_url: str) -> Path | None:
    """The file of a SQLite store, when it isn't there: opening it would make an empty one."""
    if not database_url.startswith("sqlite"):
        return None
    name = make_url(database_url).database
    return Path(name) if name and not Path(name).exists() else None


def _run(running: Running) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(running) or 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2
