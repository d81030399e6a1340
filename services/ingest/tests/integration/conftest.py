from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from services.ingest.tests.integration.bench import MIGRATIONS, IngestBench

from ingest.adapters.minilm import MiniLmEmbedder
from testkit.migrations import migrate


@pytest.fixture(scope="session")
def model_folder(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.rootpath / "var" / "models" / "minilm"
    if not (folder / "build.json").exists():
        pytest.skip("the embedding model is not built: tools/models/build_minilm.py builds it")
    return folder


@pytest.fixture(scope="session")
def embedder(model_folder: Path) -> Iterator[MiniLmEmbedder]:
    embedder = MiniLmEmbedder(model_folder)
    yield embedder
    embedder.close()


@pytest.fixture(scope="session")
def samples(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "samples"


@pytest.fixture
async def ingest(sql_url: str, tmp_path: Path) -> AsyncIterator[IngestBench]:
    migrate(sql_url, MIGRATIONS)
    async with IngestBench(sql_url, tmp_path / "data").running() as bench:
        yield bench
