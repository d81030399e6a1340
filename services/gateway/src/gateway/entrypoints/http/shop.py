from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from contracts.catalog import (
    AdjustStock,
    CancelOrder,
    ChangeProduct,
    CreateProduct,
    OrderLine,
    OrderRequest,
    OrderView,
    PlaceOrder,
    ProductPatch,
    ProductRequest,
    ProductView,
    StockRequest,
)
from contracts.ids import new_id
from contracts.paging import Page
from gateway.entrypoints.http.amounts import positive_minor_units
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import Customer, SignedIn, Staff
from web.conditional import expected_version

router = APIRouter(tags=["shop"])

ExpectedVersion = Annotated[int, Depends(expected_version)]


@router.post("/products", status_code=201, responses=ANSWERS, response_model=ProductView)
async def create_product(body: ProductRequest, caller: Staff, submit: Submit) -> Response:
    command = CreateProduct(
        product_id=new_id(),
        sku=body.sku,
        name=body.name,
        description=body.description,
        price=positive_minor_units(body.price, body.currency, member="price"),
        currency=body.currency,
        stock=body.stock,
    )
    return await submit(command, caller, body, creates=True)


@router.get(
    "/products",
    response_model=Page[ProductView],
    openapi_extra={
        "parameters": [query("q", "Words that a product has in its SKU, name or description")]
    },
)
async def list_products(request: Request, forward: Forward) -> Response:
    """Everybody may look, signed in or not."""
    return await forward.read("catalog", request)


@router.get("/products/{product_id}", response_model=ProductView)
async def read_product(product_id: UUID, request: Request, forward: Forward) -> Response:
    return await forward.read("catalog", request)


@router.patch("/products/{product_id}", responses=ANSWERS, response_model=ProductView)
async def change_product(
    product_id: UUID, body: ProductPatch, caller: Staff, version: ExpectedVersion, submit: Submit
) -> Response:
    price = (
        positive_minor_units(body.price, body.currency, member="price")
        if body.price is not None and body.currency is not None
        else None
    )
    command = ChangeProduct(
        product_id=product_id,
        expected_version=version,
        name=body.name,
        description=body.description,
        price=price,
        currency=body.currency,
    )
    return await submit(command, caller, body)


@router.post("/products/{product_id}/stock", responses=ANSWERS, response_model=ProductView)
async def adjust_stock(
    product_id: UUID, body: StockRequest, caller: Staff, submit: Submit
) -> Response:
    command = AdjustStock(product_id=product_id, delta=body.delta, reason=body.reason)
    return await submit(command, caller, body)


@router.post("/orders", status_code=201, responses=ANSWERS, response_model=OrderView)
async def place_order(body: OrderRequest, caller: Customer, submit: Submit) -> Response:
    command = PlaceOrder(
        order_id=new_id(),
        customer_id=caller.subject,
        account_id=body.account_id,
        lines=[OrderLine.model_validate(line.model_dump()) for line in body.lines],
    )
    return await submit(command, caller, body, creates=True)


@router.get("/orders", response_model=Page[OrderView])
async def list_orders(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("catalog", request)


@router.get("/orders/{order_id}", response_model=OrderView)
async def read_order(
    order_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("catalog", request)


@router.post("/orders/{order_id}/cancel", responses=ANSWERS, response_model=OrderView)
async def cancel_order(order_id: UUID, caller: Customer, submit: Submit) -> Response:
    customer_id = None if caller.is_staff else caller.subject
    return await submit(CancelOrder(order_id=order_id, customer_id=customer_id), caller)
