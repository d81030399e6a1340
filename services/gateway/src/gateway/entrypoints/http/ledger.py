from typing import Final, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.ids import new_id
from contracts.ledger import (
    CancelTransaction,
    CaptureHold,
    CompleteTransaction,
    PlaceHold,
    Posting,
    PostJournal,
    PostTransaction,
    RefundTransaction,
    ReverseTransaction,
    TransactionKind,
    TransactionStatus,
    VoidHold,
)
from contracts.ledger_bodies import (
    CaptureRequest,
    HoldRequest,
    JournalRequest,
    RefundRequest,
    ReversalRequest,
    TransactionRequest,
)
from contracts.ledger_views import AuditView, HoldView, TransactionView, TrialBalanceView
from contracts.paging import Page
from gateway.entrypoints.http.amounts import part_of, positive_minor_units
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import Customer, SignedIn, Staff
from web.problems import FORBIDDEN, ProblemError

router = APIRouter(tags=["ledger"])

_FILTERS: Final = [
    query("status", "Only with this status", enum=list(get_args(TransactionStatus))),
    query("type", "Only of this type", enum=list(get_args(TransactionKind))),
    query("account_id", "Only of this account", format="uuid"),
    query("reference_id", "Only the one with this reference", pattern="^TXN-[0-9A-F]{12}$"),
]


@router.post("/transactions", status_code=201, responses=ANSWERS, response_model=TransactionView)
async def post_transaction(body: TransactionRequest, caller: Customer, submit: Submit) -> Response:
    """Staff credit and debit; the owner of an account transfers from it."""
    if body.type != "transfer" and not caller.is_staff:
        raise ProblemError(FORBIDDEN.problem("credits and debits are for staff"))
    transaction_id = new_id()
    command = PostTransaction(
        transaction_id=transaction_id,
        kind=body.type,
        account_id=body.account_id,
        to_account_id=body.to_account_id,
        amount=positive_minor_units(body.amount, body.currency),
        currency=body.currency,
        description=body.description,
        metadata=body.metadata,
        owner_id=None if caller.is_staff else caller.subject,
        is_pending=body.status == "pending",
        expires_at=body.expires_at,
    )
    # Sent under the transaction's own id, it needs no inbox entry beside the transaction.
    return await submit(command, caller, body, creates=True, command_id=transaction_id)


@router.get(
    "/transactions",
    response_model=Page[TransactionView],
    openapi_extra={"parameters": _FILTERS},
)
async def list_transactions(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.get("/transactions/{transaction_id}", response_model=TransactionView)
async def read_transaction(
    transaction_id: UUID, _caller: SignedIn, request: Request, forward: Forward
) -> Response:
    return await forward.read("ledger", request)


@router.post(
    "/transactions/{transaction_id}/complete", responses=ANSWERS, response_model=TransactionView
)
async def complete_transaction(
    transaction_id: UUID, body: CaptureRequest, caller: Staff, submit: Submit
) -> Response:
    """Staff let a pending one move its money, all or a part; the rest is available again."""
    command = CompleteTransaction(
        transaction_id=transaction_id, amount=part_of(body), currency=body.currency
    )
    return await submit(command, caller, body)


@router.post(
    "/transactions/{transaction_id}/cancel", responses=ANSWERS, response_model=TransactionView
)
async def cancel_transaction(transaction_id: UUID, caller: Customer, submit: Submit) -> Response:
    """Staff, or who asked for it, call a pending one off: its money is available again."""
    owner_id = None if caller.is_staff else caller.subject
    return await submit(CancelTransaction(transaction_id=transaction_id, owner_id=owner_id), caller)


@router.post(
    "/transactions/{transaction_id}/reverse",
    status_code=201,
    responses=ANSWERS,
    response_model=TransactionView,
)
async def reverse_transaction(
    transaction_id: UUID, body: ReversalRequest, caller: Staff, submit: Submit
) -> Response:
    """Staff undo it whole and once: a new transaction takes everything back."""
    command = ReverseTransaction(
        transaction_id=new_id(), reversed_id=transaction_id, description=body.description
    )
    return await submit(command, caller, body, creates=True)


@router.post(
    "/transactions/{transaction_id}/refund",
    status_code=201,
    responses=ANSWERS,
    response_model=TransactionView,
)
async def refund_transaction(
    transaction_id: UUID, body: RefundRequest, caller: Staff, submit: Submit
) -> Response:
    """Staff give back a part, or all that is left; never more than was moved."""
    command = RefundTransaction(
        transaction_id=new_id(),
        refunded_id=transaction_id,
        amount=part_of(body),
        currency=body.currency,
        description=body.description,
    )
    return await submit(command, caller, body, creates=True)


@router.post("/holds", status_code=201, responses=ANSWERS, response_model=HoldView)
async def place_hold(body: HoldRequest, caller: Staff, submit: Submit) -> Response:
    """Staff set money of an account aside, until it is captured, voided or expires."""
    hold_id = new_id()
    command = PlaceHold(
        hold_id=hold_id,
        account_id=body.account_id,
        amount=positive_minor_units(body.amount, body.currency),
        currency=body.currency,
        description=body.description,
        expires_at=body.expires_at,
    )
    # Whoever has the operation's id can capture the hold before its outcome is here.
    return await submit(command, caller, body, creates=True, command_id=hold_id)


@router.get("/holds/{hold_id}", response_model=HoldView)
async def read_hold(hold_id: UUID, _caller: Staff, request: Request, forward: Forward) -> Response:
    """Staff only. A pending transaction has a hold with the same id."""
    return await forward.read("ledger", request)


@router.post("/holds/{hold_id}/capture", responses=ANSWERS, response_model=TransactionView)
async def capture_hold(
    hold_id: UUID, body: CaptureRequest, caller: Staff, submit: Submit
) -> Response:
    """Staff take all or a part of it, for the house's sales; the rest is available again."""
    command = CaptureHold(
        hold_id=hold_id, transaction_id=new_id(), amount=part_of(body), currency=body.currency
    )
    return await submit(command, caller, body)


@router.post("/holds/{hold_id}/void", responses=ANSWERS, response_model=HoldView)
async def void_hold(hold_id: UUID, caller: Staff, submit: Submit) -> Response:
    """Staff give back what is held."""
    return await submit(VoidHold(hold_id=hold_id), caller)


@router.post("/ledger/journal", status_code=201, responses=ANSWERS, response_model=TransactionView)
async def post_journal(body: JournalRequest, caller: Staff, submit: Submit) -> Response:
    """Staff make several postings at once: all of them or none."""
    command = PostJournal(
        transaction_id=new_id(),
        postings=[
            Posting(
                source_id=posting.source_id,
                target_id=posting.target_id,
                amount=positive_minor_units(
                    posting.amount, posting.currency, member=f"postings/{place}/amount"
                ),
                currency=posting.currency,
            )
            for place, posting in enumerate(body.postings)
        ],
        description=body.description,
        metadata=body.metadata,
    )
    return await submit(command, caller, body, creates=True)


@router.get("/ledger/trial-balance", response_model=TrialBalanceView)
async def read_trial_balance(_caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("ledger", request)


@router.get("/ledger/audit", response_model=AuditView)
async def read_audit(_caller: Staff, request: Request, forward: Forward) -> Response:
    """Where each book's chain ends; note it, and `ledger verify` can prove that it still holds."""
    return await forward.read("ledger", request)
