"""Lists are pages by keyset."""

from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some of a list, and the cursor of what comes after them; `next` is None on the last page."""

    items: list[T]
    next: str | None = None
