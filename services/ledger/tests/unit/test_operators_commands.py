from argparse import ArgumentParser
from typing import Any, NoReturn

import pytest

from ledger.application.audit_postings import KnownLink
from ledger.entrypoints.commands import Rebuild, Verify, add_commands

LINK = "9f3c" * 16


def nothing(_delivery: Any) -> NoReturn:
    raise AssertionError("nothing is opened before the arguments are understood")


def parsed(*arguments: str) -> object:
    parser = ArgumentParser()
    add_commands(parser.add_subparsers(required=True), records=nothing, balances=nothing)
    options = parser.parse_args(arguments)
    return options.make(options)


def test_a_book_is_verified_and_compared_with_what_an_earlier_run_has_printed() -> None:
    assert parsed("verify") == Verify(book="main", known=None, records=nothing)
    known = KnownLink(1234, bytes.fromhex(LINK))
    assert parsed(*("verify", "--book", "north", "--posting", "1234", "--link", LINK)) == Verify(
        book="north", known=known, records=nothing
    )


def test_a_book_is_rebuilt_or_only_checked() -> None:
    assert parsed("rebuild") == Rebuild(book="main", checks=False, balances=nothing)
    checking = Rebuild(book="north", checks=True, balances=nothing)
    assert parsed("rebuild", "--check", "--book", "north") == checking


@pytest.mark.parametrize(
    "arguments",
    [
        ("--link", LINK),
        ("--posting", "3"),
        ("--link", LINK[:-2], "--posting", "3"),
        ("--link", "x" * 64, "--posting", "3"),
        ("--link", LINK, "--posting", "-3"),
        ("--link", LINK, "--posting", "3.5"),
        ("--link", LINK, "--posting", "\u0663"),
    ],
)
def test_half_of_what_was_printed_is_not_enough(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("verify", *arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
