from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import httpx2
import pytest
from services.catalog.tests.unit.conftest import MakeProduct
from services.catalog.tests.unit.memory import MemoryCatalog
from services.catalog.tests.unit.ordering import CUSTOMER, place

from catalog.application.views import order_view, product_view
from catalog.domain.refusals import OrderNotFound, ProductNotFound
from catalog.entrypoints.http import router
from catalog.entrypoints.problems import PROBLEMS
from contracts.catalog import OrderView, ProductView
from contracts.ids import new_id
from contracts.paging import Page
from testkit.applications import application_of, client_of
from testkit.tokens import INTERNAL_KEY, TokenIssuer


@dataclass
class MemoryReads:
    """See catalog.application.ports.CatalogReads."""

    catalog: MemoryCatalog
    searched: list[tuple[str, int, str | None]] = field(default_factory=list)

    async def product(self, product_id: UUID) -> ProductView:
        if product_id not in self.catalog.products:
            raise ProductNotFound(product_id)
        return product_view(self.catalog.products[product_id])

    async def products(self, query: str, *, limit: int, after: str | None) -> Page[ProductView]:
        self.searched.append((query, limit, after))
        return Page(items=[product_view(product) for product in self.catalog.products.values()])

    async def order(self, order_id: UUID, customer_id: UUID | None) -> OrderView:
        order = self.catalog.orders.get(order_id)
        if order is None or customer_id not in {None, order.customer_id}:
            raise OrderNotFound(order_id)
        return order_view(order)

    async def orders(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[OrderView]:
        orders = self.catalog.orders.values()
        return Page(
            items=[order_view(o) for o in orders if customer_id in {None, o.customer_id}],
        )


@pytest.fixture
def reads(catalog: MemoryCatalog) -> MemoryReads:
    return MemoryReads(catalog)


@pytest.fixture
async def http(reads: MemoryReads) -> AsyncIterator[httpx2.AsyncClient]:
    app = application_of(router, issuer=ISSUER, problems=PROBLEMS, state={"reads": reads})
    async with client_of(app) as client:
        yield client


ISSUER = TokenIssuer()
STRANGER = new_id()


def as_(role: str, subject: UUID = STRANGER) -> dict[str, str]:
    return ISSUER.authorization(subject, role)


async def test_a_visitor_reads_a_product_and_its_etag(
    http: httpx2.AsyncClient, make_product: MakeProduct
) -> None:
    mug = make_product(sku="MUG", reserved=3, version=7)
    response = await http.get(f"/products/{mug.id}", headers=as_("anonymous"))

    assert (response.status_code, response.headers["etag"]) == (200, '"v7"')
    assert response.json()["stock"] == {"on_hand": 10, "reserved": 3, "available": 7}
    known = as_("anonymous") | {"If-None-Match": '"v7"'}
    assert (await http.get(f"/products/{mug.id}", headers=known)).status_code == 304


async def test_a_search_reaches_the_store_with_its_page(
    http: httpx2.AsyncClient, reads: MemoryReads
) -> None:
    query = {"q": " blue mug ", "limit": "5", "after": "abc"}
    response = await http.get("/products", params=query, headers=as_("customer"))
    assert response.json() == {"items": [], "next": None}
    assert reads.searched == [("blue mug", 5, "abc")]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "colour=blue"])
async def test_a_bad_query_is_refused(http: httpx2.AsyncClient, query: str) -> None:
    response = await http.get(f"/products?{query}", headers=as_("customer"))
    assert (response.status_code, response.json()["type"]) == (400, "/problems/invalid-query")


async def test_products_are_there_for_everybody(
    http: httpx2.AsyncClient, make_product: MakeProduct
) -> None:
    mug = make_product()
    assert (await http.get(f"/products/{mug.id}")).status_code == 200
    assert [item["id"] for item in (await http.get("/products")).json()["items"]] == [str(mug.id)]


async def test_a_product_that_is_not_there_is_a_problem(http: httpx2.AsyncClient) -> None:
    response = await http.get(f"/products/{new_id()}")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/product-not-found")


async def test_orders_are_for_those_who_have_signed_in(http: httpx2.AsyncClient) -> None:
    for path in ("/orders", f"/orders/{new_id()}"):
        assert (await http.get(path)).status_code == 401


@pytest.mark.parametrize("who", ["customer", "staff", "admin", "a service"])
async def test_an_order_is_there_for_its_customer_for_staff_and_for_services(
    http: httpx2.AsyncClient,
    catalog: MemoryCatalog,
    make_product: MakeProduct,
    who: str,
) -> None:
    headers = as_(who, CUSTOMER if who == "customer" else STRANGER)
    if who == "a service":
        headers = {"Authorization": f"Bearer {INTERNAL_KEY}"}
    order = await place(catalog, (make_product().id, 2))
    response = await http.get(f"/orders/{order.id}", headers=headers)
    listed = await http.get("/orders", headers=headers)

    assert (response.status_code, response.headers["etag"]) == (200, '"v1"')
    assert response.json()["total"] == "25.00"
    assert [item["id"] for item in listed.json()["items"]] == [str(order.id)]


@pytest.mark.parametrize("role", ["customer", "anonymous"])
async def test_an_order_is_not_there_for_anybody_else(
    http: httpx2.AsyncClient, catalog: MemoryCatalog, make_product: MakeProduct, role: str
) -> None:
    order = await place(catalog, (make_product().id, 2))
    response = await http.get(f"/orders/{order.id}", headers=as_(role))
    listed = await http.get("/orders", headers=as_(role))

    assert (response.status_code, response.json()["type"]) == (404, "/problems/order-not-found")
    assert listed.json()["items"] == []
