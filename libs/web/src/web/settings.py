"""What every service reads from its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings that every service has.

    A service's own settings subclass this with an `env_prefix`: `LEDGER_DATABASE_URL`,
    `LEDGER_HTTP_PORT`. What all services of a deployment share carries no prefix. `INSTANCE` is
    this instance's name among those of its service, if it has a lasting one. So many dead letters
    in a row as `dead_letter_limit` stop its consumer; 0: none do.
    """

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    database_url: str
    migrations: Path
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65535)]

    kafka_bootstrap_servers: Annotated[str, Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")] = (
        "127.0.0.1:19092"
    )
    auth_url: Annotated[str, Field(validation_alias="AUTH_URL")] = "http://127.0.0.1:8001"
    internal_key: Annotated[SecretStr, Field(validation_alias="INTERNAL_KEY", min_length=16)]
    instance: Annotated[str | None, Field(validation_alias="INSTANCE")] = None
    dead_letter_limit: Annotated[int, Field(ge=0)] = 20
    log_level: Annotated[str, Field(validation_alias="LOG_LEVEL")] = "INFO"
