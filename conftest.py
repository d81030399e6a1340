"""Marks each test by the directory it lies in, so that no file can forget its marker."""

from pathlib import Path

import pytest

pytest_plugins = ["testkit.plugin"]

_MARKERS = {"integration", "end_to_end", "faults"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for marker in _MARKERS.intersection(Path(item.path).relative_to(config.rootpath).parts):
            item.add_marker(marker)
