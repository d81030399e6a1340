from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from contracts.ids import new_id
from contracts.ledger import ChangeAccount, CloseAccount, OpenAccount
from contracts.ledger_bodies import AccountChange, AccountRequest
from contracts.ledger_views import AccountView, BalanceView, EntryView, StatementView
from contracts.paging import Page
from gateway.entrypoints.http.amounts import minor_units
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import Caller, Customer, SignedIn
from web.conditional import expected_version
from web.problems import FORBIDDEN, ProblemError

router = APIRouter(prefix="/accounts", tags=["ledger"])

ExpectedVersion = Annotated[int, Depends(expected_version)]

_STATEMENT: Final[dict[str, Any]] = {
    "parameters": [
        query("from", "When it begins; else the beginning of this month", format="date-time"),
        query("to", "Just before this moment it ends; else with this month", format="date-time"),
        query("format", "Instead of `Accept`", enum=["json", "csv"]),
    ]
}
_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.post("", status_code=201, responses=ANSWERS, response_model=AccountView)
async def open_account(body: AccountRequest, caller: Customer, submit: Submit) -> Response:
    """Of one's own; staff open them for others, too, and say how far they may be overdrawn."""
    if body.owner_id is not None:
        _require_staff(caller, "accounts of others are opened by staff")
    command = OpenAccount(
        account_id=new_id(),
        owner_id=body.owner_id or caller.subject,
        currency=body.currency,
        name=body.name,
        minimum=_minimum(body.minimum_balance, body.currency, caller) or 0,
    )
    return await submit(command, caller, body, creates=True)


@router.get("", response_model=Page[AccountView])
async def list_accounts(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.get("/{account_id}", response_model=AccountView)
async def read_account(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.patch("/{account_id}", responses=ANSWERS, response_model=AccountView)
async def change_account(
    account_id: UUID,
    body: AccountChange,
    caller: Customer,
    version: ExpectedVersion,
    submit: Submit,
) -> Response:
    """Its owner gives it a name; staff also a minimum balance."""
    command = ChangeAccount(
        account_id=account_id,
        owner_id=_whose(caller),
        expected_version=version,
        name=body.name,
        minimum=_minimum(body.minimum_balance, body.currency, caller),
        currency=body.currency,
    )
    return await submit(command, caller, body)


@router.post("/{account_id}/close", responses=ANSWERS, response_model=AccountView)
async def close_account(account_id: UUID, caller: Customer, submit: Submit) -> Response:
    """Nothing may be left on it but what is held."""
    return await submit(CloseAccount(account_id=account_id, owner_id=_whose(caller)), caller)


@router.get(
    "/{account_id}/entries",
    response_model=Page[EntryView],
    openapi_extra={
        "parameters": [
            query("since", "Only what was entered at this moment or later", format="date-time"),
            query("until", "Only what was entered up to this moment", format="date-time"),
        ]
    },
)
async def list_entries(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.get(
    "/{account_id}/balance",
    response_model=BalanceView,
    openapi_extra={"parameters": [query("at", "At this moment; else now", format="date-time")]},
)
async def read_balance(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.get(
    "/{account_id}/statement",
    response_model=StatementView,
    responses=_CSV,
    openapi_extra=_STATEMENT,
)
async def read_statement(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    """At most 10,000 entries as JSON; any number as CSV."""
    return await forward.read("ledger", request)


def _minimum(text: str | None, currency: str | None, caller: Caller) -> int | None:
    if text is None or currency is None:
        return None
    _require_staff(caller, "minimum balances are set by staff")
    return minor_units(text, currency, member="minimum_balance")


def _require_staff(caller: Caller, detail: str) -> None:
    if not caller.is_staff:
        raise ProblemError(FORBIDDEN.problem(detail))


def _whose(caller: Caller) -> UUID | None:
    return None if caller.is_staff else caller.subject
