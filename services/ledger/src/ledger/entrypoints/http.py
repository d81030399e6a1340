from uuid import UUID

from fastapi import APIRouter, Request, Response

from contracts.ledger_views import (
    AccountView,
    AuditView,
    BalanceView,
    EntryView,
    HoldView,
    TransactionView,
    TrialBalanceView,
)
from contracts.paging import Page
from ledger.entrypoints import statements
from ledger.entrypoints.looking import Reads, whose
from ledger.entrypoints.queries import (
    EntriesParameters,
    MomentParameters,
    TransactionsParameters,
)
from web.callers import SignedIn, Staff
from web.conditional import versioned
from web.paging import PageParameters

router = APIRouter()
router.include_router(statements.router)


@router.get("/accounts")
async def list_accounts(caller: SignedIn, page: PageParameters, reads: Reads) -> Page[AccountView]:
    return await reads.accounts(whose(caller), limit=page.limit, after=page.after)


@router.get("/accounts/{account_id}", response_model=AccountView)
async def read_account(
    account_id: UUID, caller: SignedIn, request: Request, reads: Reads
) -> Response:
    return versioned(await reads.account(account_id, whose(caller)), request)


@router.get("/accounts/{account_id}/entries")
async def list_entries(
    account_id: UUID, caller: SignedIn, query: EntriesParameters, reads: Reads
) -> Page[EntryView]:
    return await reads.entries(
        account_id,
        whose(caller),
        since=query.since,
        until=query.until,
        limit=query.limit,
        after=query.after,
    )


@router.get("/accounts/{account_id}/balance")
async def read_balance(
    account_id: UUID, caller: SignedIn, query: MomentParameters, reads: Reads
) -> BalanceView:
    return await reads.balance(account_id, whose(caller), at=query.at)


@router.get("/transactions")
async def list_transactions(
    caller: SignedIn, query: TransactionsParameters, reads: Reads
) -> Page[TransactionView]:
    return await reads.transactions(
        whose(caller), query.wanted, limit=query.limit, after=query.after
    )


@router.get("/transactions/{transaction_id}")
async def read_transaction(transaction_id: UUID, caller: SignedIn, reads: Reads) -> TransactionView:
    return await reads.transaction(transaction_id, whose(caller))


@router.get("/holds/{hold_id}", response_model=HoldView)
async def read_hold(hold_id: UUID, _caller: Staff, request: Request, reads: Reads) -> Response:
    return versioned(await reads.hold(hold_id), request)


@router.get("/ledger/trial-balance")
async def read_trial_balance(_caller: Staff, reads: Reads) -> TrialBalanceView:
    return await reads.trial_balance()


@router.get("/ledger/audit")
async def read_audit(_caller: Staff, reads: Reads) -> AuditView:
    return await reads.audit()
