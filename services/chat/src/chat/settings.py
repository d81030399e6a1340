from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.settings import ServiceSettings


class ChatSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CHAT_")

    migrations: Path = Path(__file__).parents[2] / "migrations"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8002
    answers_at_once: Annotated[int, Field(ge=1, le=64)] = 4
    answer_within_s: Annotated[float, Field(gt=0)] = 600.0
    ingest_url: Annotated[str, Field(validation_alias="INGEST_URL")] = "http://127.0.0.1:8003"
