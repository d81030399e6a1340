"""The indexes of delivery, the same in every MongoDB store."""

from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel

from storage.mongo.database import MongoDatabase


async def make_indexes(database: MongoDatabase, homes: Sequence[str]) -> None:
    """Make them as far as they aren't there. `homes` are collections whose documents are locked."""
    for name in homes:
        await database[name].create_indexes(
            [
                _sparse("delivery.lock.unit"),
                _sparse("delivery.lock.until"),
                _sparse("delivery.unit.created_at"),
                _sparse("delivery.unit.message_ids"),
            ]
        )
    for name, indexes in _OWN.items():
        await database[name].create_indexes(indexes)


def _index(*fields: str) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields])


def _sparse(field: str) -> IndexModel:
    return IndexModel([(field, ASCENDING)], sparse=True)


_OWN = {
    "inbox": [_index("received_at")],
    "jobs": [_index("ended_at", "position")],
    "outbox": [_index("sent_at", "_id"), _index("created_at")],
    "requests": [_index("answered_at", "ask_again_at")],
    "dead_letters": [_index("redriven_at", "discarded_at", "_id")],
    "parts": [_index("unit"), _index("created_at")],
    "units": [_index("message_ids"), _index("collections"), _index("created_at")],
}
