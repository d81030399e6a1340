"""What an operator can do with a ledger's books: `verify` and `rebuild`."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ledger.application.audit import Audit, Records, audit
from ledger.application.audit_postings import KnownLink
from ledger.application.rebuild import Balances, CannotMend, Difference
from messaging.delivery_store import DeliveryStore

BOOK: Final = "main"
LINK_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True)
class Verify:
    """A line for each finding, the first hundred of them; last what was read."""

    book: str
    known: KnownLink | None
    records: Callable[[Any], Records]

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See web.operating.StoreCommand; 2: there is no such book."""
        async with self.records(delivery).of(self.book) as book:
            if book is None:
                return _no_book(self.book)
            result = await audit(book, known=self.known)
        for sentence in result.findings.shown:
            _say(sentence)
        _say(_summary(result))
        return 0 if result.is_sound else 1


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """A line for each account that differs from its entries; mended, unless only `checks`."""

    book: str
    checks: bool
    balances: Callable[[Any], Balances]

    async def run(self, delivery: DeliveryStore[Any]) -> int:
        """See web.operating.StoreCommand; 2: there is no such book."""
        balances = self.balances(delivery)
        try:
            found = await (balances.differences if self.checks else balances.mend)(self.book)
        except CannotMend as error:
            for one in error.differences:
                _say(_line(one))
            _complain(f"{self.book}: nothing was mended, for {error}; see `verify`")
            return 1
        if found is None:
            return _no_book(self.book)
        for one in found:
            _say(_line(one))
        _say(f"{self.book}: {len(found)} accounts {'differ' if self.checks else 'mended'}")
        return 1 if found and self.checks else 0


def add_commands(
    verbs: Any,
    *,
    records: Callable[[Any], Records],
    balances: Callable[[Any], Balances],
) -> None:
    """To the command line of web.commands."""
    verify: ArgumentParser = verbs.add_parser("verify", help="reckon a whole book up once more")
    verify.add_argument("--book", default=BOOK, metavar="NAME")
    verify.add_argument(
        "--link", type=_link, metavar="HEX", help="what an earlier run has printed, with --posting"
    )
    verify.add_argument("--posting", type=_posting, metavar="N")
    verify.set_defaults(
        make=lambda o: Verify(book=o.book, known=_known(o, verify), records=records)
    )
    rebuild: ArgumentParser = verbs.add_parser(
        "rebuild", help="set balances and held money to what entries and open holds say"
    )
    rebuild.add_argument("--book", default=BOOK, metavar="NAME")
    rebuild.add_argument("--check", action="store_true", help="only list what would be changed")
    rebuild.set_defaults(make=lambda o: Rebuild(book=o.book, checks=o.check, balances=balances))


def _known(options: Namespace, parser: ArgumentParser) -> KnownLink | None:
    if (options.link is None) != (options.posting is None):
        parser.error("--link and --posting come together")
    return None if options.link is None else KnownLink(options.posting, options.link)


def _link(text: str) -> bytes:
    try:
        link = bytes.fromhex(text)
    except ValueError:
        link = b""
    if len(link) != LINK_BYTES:
        raise ArgumentTypeError(f"{text!r} isn't a link: {2 * LINK_BYTES} hexadecimal digits")
    return link


def _posting(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} isn't the number of a posting")
    return int(text)


def _summary(result: Audit) -> str:
    read = f"{result.book}: {result.postings:,} postings, {result.entries:,} entries"
    if result.is_sound:
        return f"{read}, sound; posting {result.postings} link {result.link.hex()}"
    findings = result.findings
    more = findings.count - len(findings.shown)
    return f"{read}, {findings.count:,} findings" + (
        f", {more:,} of them not shown" if more else ""
    )


def _line(one: Difference) -> str:
    changes = [
        f"{what} {said} -> {reckoned}"
        for what, said, reckoned in (
            ("balance", one.posted, one.entered),
            ("held", one.held, one.open_holds),
        )
        if said != reckoned
    ]
    if one.version < one.last_version:
        changes.append(f"version {one.version} -> {one.next_version}")
    return f"account {one.account_id}: {', '.join(changes)} ({one.currency})"


def _no_book(book: str) -> int:
    _complain(f"there is no book {book!r}")
    return 2


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
