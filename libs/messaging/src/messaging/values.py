"""Values that are made for every message."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(
    kw_only_default=True, frozen_default=True, eq_default=True, field_specifiers=(field,)
)
def value_class(cls: type[T]) -> type[T]:
    """A dataclass with slots and keywords alone, whose members only the type checker protects.

    A dataclass that protects them at run time, too, takes three times as long to make.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)


class Late:
    """A value that may be made with members empty: they are made when somebody asks for them.

    What they are made of is `origin`, which is empty when all of them were given.
    """

    __slots__ = ("origin",)
    origin: Any

    def _fill(self, name: str) -> None:
        """Make the member `name`, and perhaps others; nothing when there is no such member."""

    if not TYPE_CHECKING:  # The type checker would believe in every name.

        def __getattr__(self, name: str) -> Any:
            self._fill(name)
            return object.__getattribute__(self, name)
