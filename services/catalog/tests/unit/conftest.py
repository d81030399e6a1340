from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.catalog.tests.unit.memory import MemoryCatalog

from catalog.domain.product import Product

MakeProduct = Callable[..., Product]


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


@pytest.fixture
def make_product(catalog: MemoryCatalog) -> MakeProduct:
    """Products of a catalogue, numbered as they are made: 12.50 EUR, ten pieces on hand."""

    def make(**fields: Any) -> Product:
        number = len(catalog.products) + 1
        defaults: dict[str, Any] = {
            "id": UUID(int=number),
            "sku": f"SKU-{number}",
            "name": f"Product {number}",
            "description": "",
            "price": 1250,
            "currency": "EUR",
            "created_at": datetime(2026, 9, 1, tzinfo=UTC),
            "on_hand": 10,
        }
        product = Product(**defaults | fields)
        catalog.products[product.id] = product
        return product

    return make
