from typing import Final

from catalog.application.adjust_stock import adjust_stock
from catalog.application.cancel_order import cancel_order
from catalog.application.change_product import change_product
from catalog.application.create_product import create_product
from catalog.application.place_order import place_order
from catalog.application.ports import CatalogWork
from catalog.application.record_outcome import record_outcome
from contracts.catalog import AdjustStock, CancelOrder, ChangeProduct, CreateProduct, PlaceOrder
from contracts.gateway import Outcome
from contracts.topics import CATALOG_COMMANDS, CATALOG_OUTCOMES
from messaging.work import DEFERRED, Deferred, Handlers

TOPICS: Final = (CATALOG_COMMANDS, CATALOG_OUTCOMES)


async def _place_order(command: PlaceOrder, work: CatalogWork) -> Deferred:
    await place_order(command, work)
    return DEFERRED


HANDLERS: Final[Handlers] = {
    CreateProduct: create_product,
    ChangeProduct: change_product,
    AdjustStock: adjust_stock,
    PlaceOrder: _place_order,
    CancelOrder: cancel_order,
    Outcome: record_outcome,
}
