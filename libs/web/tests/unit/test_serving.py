import sys
from typing import Annotated

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.serving import run_command
from web.settings import ServiceSettings


class ShopSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")

    http_port: Annotated[int, Field(ge=1, le=65535)] = 8009


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SHOP_DATABASE_URL", "sqlite+aiosqlite:///shop.db")
    monkeypatch.setenv("SHOP_MIGRATIONS", "migrations")
    monkeypatch.setenv("INTERNAL_KEY", "a-key-of-the-deployment")
    return monkeypatch


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, list[str]]:
    done: list[str] = []

    async def serve() -> None:
        done.append("served")

    def migrate() -> None:
        ShopSettings()
        done.append("migrated")

    monkeypatch.setattr(sys, "argv", ["shop.main", *arguments])
    return run_command("shop", {"migrate": migrate, "serve": serve}), done


def test_a_service_does_what_its_command_says(environment: pytest.MonkeyPatch) -> None:
    assert run(environment, "migrate") == (0, ["migrated"])
    assert run(environment, "serve") == (0, ["served"])


@pytest.mark.parametrize("arguments", [(), ("start",), ("serve", "now")])
def test_an_unknown_command_is_told_what_there_is(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert run(environment, *arguments) == (2, [])
    assert capsys.readouterr().err == "usage: python -m shop.main migrate|serve\n"


def test_a_setting_that_is_missing_is_named_and_no_secret_is_shown(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("INTERNAL_KEY", "too-short")
    environment.delenv("SHOP_DATABASE_URL")
    assert run(environment, "migrate") == (2, [])
    said = capsys.readouterr().err
    assert "database_url" in said
    assert "INTERNAL_KEY" in said
    assert "too-short" not in said


def test_own_settings_have_a_prefix_and_shared_ones_have_none(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SHOP_HTTP_PORT", "9001")
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    environment.setenv("SHOP_KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    settings = ShopSettings()
    assert (settings.http_port, settings.kafka_bootstrap_servers) == (9001, "kafka:9092")
    assert "a-key" not in repr(settings)
