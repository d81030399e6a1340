import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from pymongo.errors import ServerSelectionTimeoutError
from sqlalchemy import MetaData

from storage.delivery_store import SqlDeliveryStore
from storage.tables import delivery_tables
from storage.work import SqlWork
from testkit.processes import free_port
from web.commands import command_line, run_command
from web.operating import Discard, ListLetters, Redrive, Replay, ShowLetter
from web.settings import ServiceSettings

TABLES = delivery_tables(MetaData())


class ShopSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")

    http_port: Annotated[int, Field(ge=1, le=65535)] = 8009


@pytest.fixture
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_DATABASE_URL", "sqlite+aiosqlite:////nowhere/at/all/shop.db")
        patch.setenv("SHOP_MIGRATIONS", "migrations")
        patch.setenv("INTERNAL_KEY", "a-key-of-the-deployment")
        yield patch


def open_store(settings: ShopSettings) -> SqlDeliveryStore[SqlWork]:
    return SqlDeliveryStore("shop", settings.database_url, TABLES, SqlWork)


OpenStore = Callable[[ShopSettings], SqlDeliveryStore[SqlWork]]


def run(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, to: OpenStore = open_store
) -> tuple[int, list[str]]:
    done: list[str] = []

    async def serve() -> None:
        done.append("served")

    def migrate() -> None:
        ShopSettings()
        done.append("migrated")

    monkeypatch.setattr(sys, "argv", ["shop.main", *arguments])
    return run_command("shop", ShopSettings, to, migrate=migrate, serve=serve), done


def parsed(*arguments: str) -> object:
    options = command_line("shop").parse_args(arguments)
    return options.make(options)


def test_a_service_does_what_its_command_says(environment: pytest.MonkeyPatch) -> None:
    assert run(environment, "migrate") == (0, ["migrated"])
    assert run(environment, "serve") == (0, ["served"])


def test_a_service_may_have_verbs_of_its_own() -> None:
    def add_verbs(verbs: Any) -> None:
        verbs.add_parser("weigh").set_defaults(make=lambda _options: Discard(ids=[3]))

    options = command_line("shop", add_verbs).parse_args(["weigh"])
    assert options.make(options) == Discard(ids=[3])
    with pytest.raises(SystemExit):
        command_line("shop").parse_args(["weigh"])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("start",),
        ("serve", "now"),
        ("dead-letters",),
        ("dead-letters", "show"),
        ("dead-letters", "redrive"),
        ("dead-letters", "redrive", "7", "--all"),
        ("dead-letters", "discard"),
        ("outbox", "replay"),
    ],
)
def test_wrong_arguments_are_told_how_it_goes(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(environment, *arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m shop.main ")


def test_a_setting_that_is_missing_is_named_and_no_secret_is_shown(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("INTERNAL_KEY", "too-short")
    environment.delenv("SHOP_DATABASE_URL")
    for arguments in (["migrate"], ["dead-letters", "list"]):
        assert run(environment, *arguments) == (2, [])
        said = capsys.readouterr().err
        assert "SHOP_DATABASE_URL" in said
        assert "INTERNAL_KEY" in said
        assert "too-short" not in said


def test_a_store_that_is_away_is_told_in_one_sentence(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("SHOP_DATABASE_URL", f"postgresql+asyncpg://127.0.0.1:{free_port()}/shop")
    assert run(environment, "dead-letters", "list") == (2, [])
    said = capsys.readouterr().err
    assert said.startswith("the store of shop doesn't answer as it should: ")
    assert "Traceback" not in said


def test_any_driver_may_say_that_its_store_is_away(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def open_store(_settings: ShopSettings) -> SqlDeliveryStore[SqlWork]:
        raise ServerSelectionTimeoutError("nobody answers")

    environment.setenv("SHOP_DATABASE_URL", "mongodb://one:27017,other:27017/shop")
    assert run(environment, "outbox", "replay", "--since", "2026-11-22T00:00Z", to=open_store) == (
        2,
        [],
    )
    said = capsys.readouterr().err
    assert said == "the store of shop doesn't answer as it should: nobody answers\n"


def test_a_store_that_was_never_made_is_not_made_by_looking_at_it(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "shop.db"
    environment.setenv("SHOP_DATABASE_URL", f"sqlite+aiosqlite:///{file}")
    assert run(environment, "dead-letters", "list") == (2, [])
    assert capsys.readouterr().err == f"the store of shop isn't there: {file}\n"
    assert not file.exists()


def test_own_settings_have_a_prefix_and_shared_ones_have_none(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SHOP_HTTP_PORT", "9001")
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    environment.setenv("SHOP_KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    settings = ShopSettings()
    assert (settings.http_port, settings.kafka_bootstrap_servers) == (9001, "kafka:9092")
    assert "a-key" not in repr(settings)


def test_dead_letters_can_be_listed_shown_redriven_and_discarded() -> None:
    assert parsed("dead-letters", "list") == ListLetters(limit=50, everything=False)
    assert parsed("dead-letters", "list", "--everything", "--limit", "3") == ListLetters(
        limit=3, everything=True
    )
    assert parsed("dead-letters", "show", "7") == ShowLetter(id=7)
    assert parsed("dead-letters", "redrive", "7", "8") == Redrive(ids=[7, 8])
    assert parsed("dead-letters", "redrive", "--all") == Redrive(ids=None)
    assert parsed("dead-letters", "discard", "7") == Discard(ids=[7])


def test_the_outbox_is_replayed_from_a_time_to_a_time() -> None:
    since, until = "2026-11-22T09:30:00Z", "2026-11-22T11:00:00+01:00"
    replay = parsed(
        "outbox", "replay", "--since", since, "--until", until, "--topic", "ledger.events.v1"
    )
    assert replay == Replay(
        since=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        until=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        topic="ledger.events.v1",
    )


def test_the_outbox_is_replayed_until_now_and_to_all_topics_unless_told() -> None:
    before = datetime.now(UTC)
    replay = parsed("outbox", "replay", "--since", "2026-11-22T00:00Z")
    assert isinstance(replay, Replay)
    assert replay.topic is None
    assert before <= replay.until <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--since", "yesterday"), "isn't a time like"),
        (("--since", "2026-11-22T09:30:00"), "has no time zone"),
        (("--since", "2026-11-22T09:30:00Z", "--topic", "ledger"), "there is no topic 'ledger'"),
    ],
)
def test_a_time_without_a_zone_and_a_topic_that_is_not_there_are_mistakes(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(SystemExit):
        parsed("outbox", "replay", *arguments)
    assert why in capsys.readouterr().err
