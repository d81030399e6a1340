"""The query of a list."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator


class PageQuery(BaseModel):
    """How many items (1 to 100), and after which cursor. A list with filters subclasses this."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    limit: int = Field(default=20, ge=1, le=100)
    after: str | None = Field(default=None, max_length=200)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("the character U+0000 can't be stored or searched")
        return value


PageParameters = Annotated[PageQuery, Query()]
