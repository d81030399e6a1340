"""One MongoDB database: how it is reached, and what counts as an outage."""

from contextlib import suppress
from socket import gaierror
from typing import Any, Final, TypeAlias

from pymongo import AsyncMongoClient, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from storage.database import WAIT_S
from storage.mongo.cancelling import keep_cancellations

Document: TypeAlias = dict[str, Any]
MongoDatabase: TypeAlias = AsyncDatabase[Document]
MongoCollection: TypeAlias = AsyncCollection[Document]

COUNTER_TRIES: Final = 10

_WRITE_CONFLICT: Final = 112


class Conflict(Exception):
    """Somebody else has written, or is writing, what this transaction has read: try again."""


_TRANSIENT: Final = (
    Conflict,
    ConnectionFailure,
    WaitQueueTimeoutError,
    ExecutionTimeout,
    WTimeoutError,
    ConnectionError,
    TimeoutError,
    gaierror,
)


def connect(url: str) -> MongoDatabase:
    """The database that `url` names. Nothing is sent before the first operation.

    Belongs to the event loop that uses it first. A write is in the server's journal when it
    returns, and the driver never repeats one by itself: that would need a replica set.
    """
    keep_cancellations()
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        url,
        tz_aware=True,
        uuidRepresentation="standard",
        retryWrites=False,
        w=1,
        journal=True,
        serverSelectionTimeoutMS=WAIT_S * 1_000,
        connectTimeoutMS=WAIT_S * 1_000,
        waitQueueTimeoutMS=WAIT_S * 1_000,
        socketTimeoutMS=3 * WAIT_S * 1_000,
    )
    return client.get_default_database()


def is_transient(error: BaseException) -> bool:
    """Is the server away or busy, or was somebody else faster?"""
    if isinstance(error, _TRANSIENT):
        return True
    return isinstance(error, OperationFailure) and error.code == _WRITE_CONFLICT


async def next_number(database: MongoDatabase, name: str, count: int = 1) -> int:
    """The first of `count` numbers that nobody else gets; they only grow, with gaps.

    Raises Conflict when others are always faster to make the counter.
    """
    for _attempt in range(COUNTER_TRIES):
        # Two who make one document at once may both be told so, by an error or by nothing at all.
        with suppress(DuplicateKeyError):
            counter: Document | None = await database["counters"].find_one_and_update(
                {"_id": name},
                {"$inc": {"last": count}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
            if counter is not None:
                return int(counter["last"]) - count + 1
    raise Conflict(f"the counter {name} can't be made")
