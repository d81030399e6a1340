"""One instance of a service that keeps notes, on each kind of store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Column, MetaData, String, Table, Uuid, insert, select

from contracts.ids import new_id
from contracts.topics import CATALOG_OUTCOMES
from messaging.delivery_store import DeliveryStore
from storage.columns import UtcDateTime
from storage.delivery_store import SqlDeliveryStore
from storage.mongo.delivery_store import MongoDeliveryStore
from storage.mongo.reading import VISIBLE
from storage.mongo.work import MongoWork
from storage.tables import delivery_tables
from storage.work import SqlWork
from testkit.waiting import until

metadata = MetaData()
delivery = delivery_tables(metadata)
notes = Table(
    "notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("text", String(20), nullable=False),
    Column("written_at", UtcDateTime),
)

NAME: Final = "notes"


class Instance(Protocol):
    """What the tests need of an instance: delivery's ports, and a way to write and read notes."""

    @property
    def delivery(self) -> DeliveryStore[Any]: ...

    async def prepare(self) -> None: ...

    async def write(self, work: Any, text: str, *, id: UUID | None = None) -> None: ...

    async def texts(self) -> list[str]: ...


OpenInstance: TypeAlias = Callable[[], Instance]


@dataclass
class SqlInstance:
    delivery: SqlDeliveryStore[SqlWork]

    async def prepare(self) -> None:
        async with self.delivery.db.write() as connection:
            await connection.run_sync(metadata.create_all)

    async def write(self, work: SqlWork, text: str, *, id: UUID | None = None) -> None:
        await work.connection.execute(insert(notes).values(id=id or new_id(), text=text))

    async def texts(self) -> list[str]:
        async with self.delivery.db.read() as connection:
            return list((await connection.execute(select(notes.c.text))).scalars())


@dataclass
class MongoInstance:
    delivery: MongoDeliveryStore[MongoWork]

    async def prepare(self) -> None:
        await self.delivery.prepare()

    async def write(self, work: MongoWork, text: str, *, id: UUID | None = None) -> None:
        work.documents.add("notes", {"_id": id or new_id(), "text": text})

    async def texts(self) -> list[str]:
        return [row["text"] async for row in self.delivery.database["notes"].find(VISIBLE)]


def sql_instance(url: str) -> SqlInstance:
    return SqlInstance(SqlDeliveryStore(NAME, url, delivery, SqlWork, outcomes=CATALOG_OUTCOMES))


def mongo_instance(url: str) -> MongoInstance:
    return MongoInstance(
        MongoDeliveryStore(NAME, url, MongoWork, ("notes",), outcomes=CATALOG_OUTCOMES)
    )


async def a_moment() -> datetime:
    """Now, and later than anything before it in a store that keeps milliseconds."""
    start = datetime.now(UTC)
    await until(lambda: _cut(datetime.now(UTC)) > start)
    return _cut(datetime.now(UTC))


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
