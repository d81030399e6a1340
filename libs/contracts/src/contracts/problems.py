"""Problem details (RFC 9457), and the table by which a service names its refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """An error as a client sees it. Members beyond the five of RFC 9457 carry its figures."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None


def _public_attributes(error: Exception) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if not name.startswith("_")}


@dataclass(frozen=True)
class ProblemType:
    """What never changes about a kind of problem: its slug, HTTP status and title.

    `members` tells what a refusal of this kind shows of itself: its public attributes, unless the
    table says otherwise.
    """

    slug: str
    status: int
    title: str
    members: Callable[[Any], dict[str, Any]] = _public_attributes

    def problem(self, detail: str | None = None, **members: Any) -> Problem:
        """This kind of problem with a detail and its own members."""
        return Problem(
            type=f"/problems/{self.slug}",
            title=self.title,
            status=self.status,
            detail=detail,
            **members,
        )


ProblemTable = Mapping[type[Exception], ProblemType]


def problem_of(error: Exception, table: ProblemTable) -> Problem | None:
    """The problem that the table has for this error or for the nearest of its base classes.

    The error's text becomes the detail. None: the error is not a refusal but a defect or an
    outage.
    """
    for kind in type(error).__mro__:
        if problem_type := table.get(kind):
            return problem_type.problem(str(error) or None, **problem_type.members(error))
    return None
