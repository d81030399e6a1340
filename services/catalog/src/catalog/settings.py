from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from web.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """`database_url` names MongoDB by its scheme; anything else is a SQL store."""

    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    migrations: Path = Path(__file__).parents[2] / "migrations"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8005

    @property
    def is_on_mongo(self) -> bool:
        return self.database_url.startswith(("mongodb://", "mongodb+srv://"))
