from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from contracts.ledger import (
    AccountView,
    EntryView,
    HoldView,
    TransactionView,
    TrialBalanceView,
)
from contracts.paging import Page
from ledger.application.ports import LedgerReads
from web.callers import Caller, SignedIn, Staff
from web.conditional import versioned
from web.paging import PageParameters

router = APIRouter()


def _reads(request: Request) -> LedgerReads:
    reads: LedgerReads = request.app.state.reads
    return reads


Reads = Annotated[LedgerReads, Depends(_reads)]


@router.get("/accounts")
async def list_accounts(caller: SignedIn, page: PageParameters, reads: Reads) -> Page[AccountView]:
    return await reads.accounts(_whose(caller), limit=page.limit, after=page.after)


@router.get("/accounts/{account_id}", response_model=AccountView)
async def read_account(
    account_id: UUID, caller: SignedIn, request: Request, reads: Reads
) -> Response:
    return versioned(await reads.account(account_id, _whose(caller)), request)


@router.get("/accounts/{account_id}/entries")
async def list_entries(
    account_id: UUID, caller: SignedIn, page: PageParameters, reads: Reads
) -> Page[EntryView]:
    return await reads.entries(account_id, _whose(caller), limit=page.limit, after=page.after)


@router.get("/transactions")
async def list_transactions(
    caller: SignedIn, page: PageParameters, reads: Reads
) -> Page[TransactionView]:
    return await reads.transactions(_whose(caller), limit=page.limit, after=page.after)


@router.get("/transactions/{transaction_id}")
async def read_transaction(transaction_id: UUID, caller: SignedIn, reads: Reads) -> TransactionView:
    return await reads.transaction(transaction_id, _whose(caller))


@router.get("/holds/{hold_id}", response_model=HoldView)
async def read_hold(hold_id: UUID, _caller: Staff, request: Request, reads: Reads) -> Response:
    return versioned(await reads.hold(hold_id), request)


@router.get("/ledger/trial-balance")
async def read_trial_balance(_caller: Staff, reads: Reads) -> TrialBalanceView:
    return await reads.trial_balance()


def _whose(caller: Caller) -> UUID | None:
    return None if caller.sees_everything else caller.subject
