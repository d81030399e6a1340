from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.ids import new_id
from contracts.ledger import (
    AccountRequest,
    AccountView,
    CaptureHold,
    CaptureRequest,
    EntryView,
    HoldRequest,
    HoldView,
    OpenAccount,
    PlaceHold,
    PostTransaction,
    TransactionRequest,
    TransactionView,
    TrialBalanceView,
    VoidHold,
)
from contracts.money import AmountError, to_minor_units
from contracts.paging import Page
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import Customer, SignedIn, Staff
from web.problems import FORBIDDEN, ProblemError

router = APIRouter(tags=["ledger"])


@router.post("/accounts", status_code=201, responses=ANSWERS, response_model=AccountView)
async def open_account(body: AccountRequest, caller: Customer, submit: Submit) -> Response:
    command = OpenAccount(
        account_id=new_id(), owner_id=caller.subject, currency=body.currency, name=body.name
    )
    return await submit(command, caller, body, creates=True)


@router.get("/accounts", response_model=Page[AccountView])
async def list_accounts(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.get("/accounts/{account_id}", response_model=AccountView)
async def read_account(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.get("/accounts/{account_id}/entries", response_model=Page[EntryView])
async def list_entries(
    account_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.post("/transactions", status_code=201, responses=ANSWERS, response_model=TransactionView)
async def post_transaction(body: TransactionRequest, caller: Customer, submit: Submit) -> Response:
    """Staff credit and debit; the owner of an account transfers from it."""
    if body.type != "transfer" and not caller.is_staff:
        raise ProblemError(FORBIDDEN.problem("credits and debits are for staff"))
    command = PostTransaction(
        transaction_id=new_id(),
        kind=body.type,
        account_id=body.account_id,
        to_account_id=body.to_account_id,
        amount=positive_minor_units(body.amount, body.currency),
        currency=body.currency,
        description=body.description,
        owner_id=None if caller.is_staff else caller.subject,
    )
    return await submit(command, caller, body, creates=True)


@router.get("/transactions", response_model=Page[TransactionView])
async def list_transactions(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.get("/transactions/{transaction_id}", response_model=TransactionView)
async def read_transaction(
    transaction_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.post("/holds", status_code=201, responses=ANSWERS, response_model=HoldView)
async def place_hold(body: HoldRequest, caller: Staff, submit: Submit) -> Response:
    command = PlaceHold(
        hold_id=new_id(),
        account_id=body.account_id,
        amount=positive_minor_units(body.amount, body.currency),
        currency=body.currency,
        description=body.description,
    )
    return await submit(command, caller, body, creates=True)


@router.get("/holds/{hold_id}", response_model=HoldView)
async def read_hold(hold_id: UUID, _caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.post("/holds/{hold_id}/capture", responses=ANSWERS, response_model=TransactionView)
async def capture_hold(
    hold_id: UUID, body: CaptureRequest, caller: Staff, submit: Submit
) -> Response:
    amount = (
        positive_minor_units(body.amount, body.currency) if body.amount and body.currency else None
    )
    command = CaptureHold(
        hold_id=hold_id, transaction_id=new_id(), amount=amount, currency=body.currency
    )
    return await submit(command, caller, body)


@router.post("/holds/{hold_id}/void", responses=ANSWERS, response_model=HoldView)
async def void_hold(hold_id: UUID, caller: Staff, submit: Submit) -> Response:
    return await submit(VoidHold(hold_id=hold_id), caller)


@router.get("/ledger/trial-balance", response_model=TrialBalanceView)
async def read_trial_balance(_caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


def positive_minor_units(amount: str, currency: str, *, member: str = "amount") -> int:
    """Raises AmountError, naming the member, for what isn't an amount above zero."""
    try:
        minor = to_minor_units(amount, currency)
    except AmountError as error:
        raise AmountError(str(error), member) from None
    if minor <= 0:
        raise AmountError(f"{member} must be above zero", member)
    return minor
