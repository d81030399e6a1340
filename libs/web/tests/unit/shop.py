"""A small application that has what every service has."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from contracts.contract import Body, VersionedView
from contracts.money import DecimalText, to_minor_units
from contracts.problems import ProblemType
from testkit.applications import application_of
from testkit.tokens import TokenIssuer
from web.callers import Admin, Customer, Service, SignedIn, Staff
from web.conditional import expected_version, versioned
from web.paging import PageParameters

THING_ID = UUID(int=7)


class Line(Body):
    quantity: int
    price: DecimalText = "1.00"


class Order(Body):
    lines: list[Line]


class Thing(VersionedView):
    name: str


class SoldOut(Exception):
    def __init__(self, left: int) -> None:
        super().__init__("nothing is left")
        self.left = left


class StoreAway(Exception):
    pass


router = APIRouter()


@router.get("/things/{thing_id}")
async def read_thing(thing_id: UUID, request: Request) -> Response:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return versioned(Thing(id=thing_id, version=3, created_at=made, name="lamp"), request)


@router.patch("/things")
async def change_thing(version: Annotated[int, Depends(expected_version)]) -> dict[str, int]:
    return {"version": version}


@router.get("/things")
async def list_things(page: PageParameters) -> dict[str, object]:
    return {"limit": page.limit, "after": page.after}


@router.post("/orders")
async def place_order(order: Order) -> dict[str, int]:
    return {"minor_units": sum(to_minor_units(line.price, "EUR") for line in order.lines)}


@router.post("/uploads/one")
async def upload(request: Request) -> dict[str, int]:
    return {"size_bytes": sum([len(chunk) async for chunk in request.stream()])}


@router.get("/sold-out")
async def sold_out() -> None:
    raise SoldOut(0)


@router.get("/defect")
async def defect() -> None:
    raise ZeroDivisionError("a secret of the code")


@router.get("/away")
async def away() -> None:
    raise StoreAway


@router.get("/for/anybody")
async def for_anybody(caller: SignedIn) -> str:
    return str(caller.subject)


@router.get("/for/customers")
async def for_customers(caller: Customer) -> str:
    return str(caller.subject)


@router.get("/for/staff")
async def for_staff(caller: Staff) -> str:
    return str(caller.subject)


@router.get("/for/admins")
async def for_admins(caller: Admin) -> str:
    return str(caller.subject)


@router.get("/for/services")
async def for_services(caller: Service) -> str:
    return str(caller.subject)


ISSUER = TokenIssuer()
APP = application_of(
    router,
    issuer=ISSUER,
    problems={SoldOut: ProblemType("sold-out", 409, "Sold out")},
    is_transient=lambda error: isinstance(error, StoreAway),
    streamed=("/uploads",),
)


async def in_pieces(count: int, size_bytes: int) -> AsyncIterator[bytes]:
    """A body whose size isn't announced."""
    for _ in range(count):
        yield b" " * size_bytes
