from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Limits are requests: per minute for a known caller, a stranger's address, and sign-in."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    migrations: Path = Path(__file__).parents[2] / "migrations"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    upload_limit_bytes: Annotated[int, Field(ge=1)] = 26 * 1024 * 1024
    origins: tuple[str, ...] = ()
    operations_days: Annotated[int, Field(ge=1)] = 30
    known_per_minute: Annotated[int, Field(ge=1)] = 600
    stranger_per_minute: Annotated[int, Field(ge=1)] = 120
    sign_in_per_minute: Annotated[int, Field(ge=1)] = 30

    chat_url: Annotated[str, Field(validation_alias="CHAT_URL")] = "http://127.0.0.1:8002"
    ingest_url: Annotated[str, Field(validation_alias="INGEST_URL")] = "http://127.0.0.1:8003"
    ledger_url: Annotated[str, Field(validation_alias="LEDGER_URL")] = "http://127.0.0.1:8004"
    catalog_url: Annotated[str, Field(validation_alias="CATALOG_URL")] = "http://127.0.0.1:8005"
