from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """`data_dir` holds the files and the index; one process has it at a time."""

    model_config = SettingsConfigDict(env_prefix="INGEST_")

    migrations: Path = Path(__file__).parents[2] / "migrations"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8003

    data_dir: Path
    model_dir: Path
    upload_limit_bytes: Annotated[int, Field(ge=1)] = 25 * 1024 * 1024
    unclaimed_upload_days: Annotated[int, Field(ge=1)] = 30
    documents_at_once: Annotated[int, Field(ge=1, le=16)] = 2
    embedding_threads: Annotated[int, Field(ge=1, le=64)] = 2
    parsing_memory_bytes: Annotated[int, Field(ge=128 << 20)] = 1 << 30
    parsing_deadline_s: Annotated[int, Field(ge=1)] = 30
    most_pages: Annotated[int, Field(ge=1)] = 1_000
    most_characters: Annotated[int, Field(ge=1)] = 1_000_000
    most_chunks: Annotated[int, Field(ge=1)] = 1_500
