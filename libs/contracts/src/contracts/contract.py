"""The kinds of model that cross a boundary: bodies, views, commands and events."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, field_validator

from contracts.topics import Topic


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the moment is beyond what a calendar holds") from None


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """What a client sends. Strings are stripped; a member nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        # JSON can say it, and PostgreSQL can't keep it.
        if isinstance(value, str) and "\0" in value:
            raise ValueError("the character U+0000 is not allowed")
        return value


class View(BaseModel):
    """What a client receives: the state of a resource as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(BaseModel):
    """One fact or request on a topic. Members added by a newer sender are ignored.

    A subclass names its `topic`, and in `aggregate` the member that holds the aggregate's id:
    that id is the Kafka key and the CloudEvents subject. `type` is the class's own name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[Topic]
    aggregate: ClassVar[str]
    type: str

    @property
    def aggregate_id(self) -> str:
        """The id of the aggregate that the message is about, as text."""
        return str(getattr(self, self.aggregate))


class Command(Message):
    """A request to change something; answered by exactly one outcome."""


class Event(Message):
    """Something that has happened to an aggregate."""


class VersionedView(View):
    """A resource with an identity and a version, the source of its ETag."""

    id: UUID
    version: int
    created_at: UtcDatetime
