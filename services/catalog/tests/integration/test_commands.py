"""The command line that main.py makes, on every kind of store."""

import sys

import pytest

from catalog.main import migrate, open_store
from catalog.settings import CatalogSettings
from web.commands import run_command


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    async def serve() -> None:
        raise AssertionError("nobody asked for it")

    monkeypatch.setattr(sys, "argv", ["catalog.main", *arguments])
    return run_command("catalog", CatalogSettings, open_store, migrate=migrate, serve=serve)


def test_a_new_store_is_made_and_looked_after(
    settings: CatalogSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "migrate") == 0
    assert run(monkeypatch, "migrate") == 0
    capsys.readouterr()
    assert run(monkeypatch, "dead-letters", "list") == 0
    assert capsys.readouterr().out == "0 open, 0 shown\n"
    assert run(monkeypatch, "outbox", "replay", "--since", "2026-11-22T00:00Z") == 0
    assert capsys.readouterr().out.startswith("0 outbox rows are on their way again")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mongodb://127.0.0.1", "No default database"),
        ("postgresql+asyncpg://nobody@127.0.0.1:1/catalog", "refused"),
    ],
)
def test_a_store_that_can_not_be_opened_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    monkeypatch.setenv("CATALOG_DATABASE_URL", url)
    monkeypatch.setenv("INTERNAL_KEY", "a-key-of-the-deployment")
    assert run(monkeypatch, "dead-letters", "list") == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("the store of catalog doesn't answer as it should: ")
    assert said in complaint
    assert "Traceback" not in complaint
