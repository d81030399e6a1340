"""What every service reads from its environment."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """The settings that all services share; they carry no prefix.

    A service's own settings subclass this and give their own members a `validation_alias` with the
    service's prefix, as in `LEDGER_DATABASE_URL`.
    """

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    kafka_bootstrap_servers: Annotated[str, Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")] = (
        "127.0.0.1:19092"
    )
    auth_url: Annotated[str, Field(validation_alias="AUTH_URL")] = "http://127.0.0.1:8001"
    internal_key: Annotated[SecretStr, Field(validation_alias="INTERNAL_KEY", min_length=16)]
    log_level: Annotated[str, Field(validation_alias="LOG_LEVEL")] = "INFO"
