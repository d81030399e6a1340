from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from contracts.auth import Email
from web.settings import ServiceSettings


class AuthSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="AUTH_", env_ignore_empty=True)

    migrations: Path = Path(__file__).parents[2] / "migrations"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8001
    key_file: Path
    admin_email: Email | None = None
    admin_password: Annotated[SecretStr, Field(min_length=10, max_length=200)] | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.admin_email is None) != (self.admin_password is None):
            raise ValueError("AUTH_ADMIN_EMAIL and AUTH_ADMIN_PASSWORD go together")
        return self
