"""The query of a list."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field


class PageQuery(BaseModel):
    """How many items (1 to 100), and after which cursor. A list with filters subclasses this."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    limit: int = Field(default=20, ge=1, le=100)
    after: str | None = Field(default=None, max_length=200)


PageParameters = Annotated[PageQuery, Query()]
