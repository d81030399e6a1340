from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from catalog.application.ports import CatalogReads
from contracts.catalog import OrderView, ProductView
from contracts.paging import Page
from web.callers import Caller, SignedIn
from web.conditional import versioned
from web.paging import PageParameters, PageQuery

router = APIRouter()


class ProductQuery(PageQuery):
    """`q`: words that must all occur in a product's SKU, name or description."""

    q: str = Field(default="", max_length=200)


def _reads(request: Request) -> CatalogReads:
    reads: CatalogReads = request.app.state.reads
    return reads


Reads = Annotated[CatalogReads, Depends(_reads)]


@router.get("/products")
async def list_products(page: Annotated[ProductQuery, Query()], reads: Reads) -> Page[ProductView]:
    return await reads.products(page.q, limit=page.limit, after=page.after)


@router.get("/products/{product_id}", response_model=ProductView)
async def read_product(product_id: UUID, request: Request, reads: Reads) -> Response:
    return versioned(await reads.product(product_id), request)


@router.get("/orders")
async def list_orders(caller: SignedIn, page: PageParameters, reads: Reads) -> Page[OrderView]:
    return await reads.orders(_whose(caller), limit=page.limit, after=page.after)


@router.get("/orders/{order_id}", response_model=OrderView)
async def read_order(order_id: UUID, caller: SignedIn, request: Request, reads: Reads) -> Response:
    return versioned(await reads.order(order_id, _whose(caller)), request)


def _whose(caller: Caller) -> UUID | None:
    return None if caller.sees_everything else caller.subject
