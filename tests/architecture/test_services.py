import re
from typing import Any

import pytest
import yaml

from workspace import ROOT, members, services

ROOMS = {"domain", "application", "adapters", "entrypoints"}
ENTRANCES = {"__init__.py", "main.py", "py.typed", "settings.py"}


@pytest.mark.parametrize("service", services())
def test_a_service_has_the_rooms_of_every_service_and_no_others(service: str) -> None:
    package = ROOT / "services" / service / "src" / service
    found = {path.name for path in package.iterdir() if path.name != "__pycache__"}
    assert found == ROOMS | ENTRANCES


@pytest.mark.parametrize("service", services())
def test_a_service_says_what_it_is_and_is_tested(service: str) -> None:
    folder = ROOT / "services" / service
    assert (folder / "README.md").is_file()
    assert list((folder / "tests").rglob("test_*.py"))


def test_compose_starts_every_service_and_builds_each_from_its_own_folder() -> None:
    built = {
        name: entry["build"]["args"]["SERVICE"]
        for name, entry in compose()["services"].items()
        if "build" in entry
    }
    assert built == {service: service for service in services()}


def test_the_image_holds_every_library_that_services_may_use() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    libraries = {path.name for path in members() if path.parent.name == "libs"}
    for_developers = {"servers", "testkit"}
    assert set(re.findall(r"-e libs/(\w+)", dockerfile)) == libraries - for_developers


def test_every_service_that_compose_gives_a_database_finds_it_made() -> None:
    statements = (ROOT / "deploy" / "postgres" / "databases.sql").read_text()
    made = set(re.findall(r"^CREATE DATABASE (\w+);$", statements, re.MULTILINE))
    used = {
        service
        for service in services()
        if f"/{service}" in compose()["services"][service]["environment"][database_url(service)]
    }
    assert made == used == set(services())


def database_url(service: str) -> str:
    return f"{service.upper()}_DATABASE_URL"


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document
