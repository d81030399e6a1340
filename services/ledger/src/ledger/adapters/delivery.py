from ledger.adapters import tables
from ledger.adapters.store import SqlLedgerStore
from storage.delivery_store import SqlDeliveryStore
from storage.work import SqlWork


def open_delivery_store(database_url: str) -> SqlDeliveryStore[SqlWork]:
    """Delivery's ports with the ledger's way of handling a batch. Nothing is connected yet."""
    return SqlDeliveryStore(
        "ledger", database_url, tables.delivery, SqlWork, store_type=SqlLedgerStore
    )
