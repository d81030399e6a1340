from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse

from contracts.ledger_views import StatementEntry, StatementView
from contracts.money import to_decimal_text
from contracts.problems import ProblemType
from ledger.application.reads import LedgerReads, StatementFrame, StatementLine
from ledger.entrypoints.looking import Reads, whose
from ledger.entrypoints.queries import StatementParameters
from ledger.entrypoints.statement_csv import csv_of, filename_of
from web.callers import SignedIn
from web.problems import ProblemError

MOST_ENTRIES: Final = 10_000
"""In a statement as JSON, which is made as a whole."""

TOO_LONG: Final = ProblemType("statement-too-long", 400, "Too many entries for one document")

router = APIRouter()


@router.get("/accounts/{account_id}/statement", response_model=StatementView)
async def read_statement(
    account_id: UUID,
    caller: SignedIn,
    query: StatementParameters,
    reads: Reads,
    accept: Annotated[str, Header()] = "",
) -> Response:
    frame = await reads.statement(
        account_id, whose(caller), starts_at=query.starts_at, ends_at=query.ends_at
    )
    if (query.format or preferred_format(accept)) == "csv":
        return StreamingResponse(
            csv_of(reads.statement_lines(frame), frame.currency),
            media_type="text/csv; charset=utf-8; header=present",
            headers={
                "Content-Disposition": f'attachment; filename="{filename_of(frame)}"',
                "Vary": "Accept",
            },
        )
    text = (await _view(frame, reads)).model_dump_json()
    return Response(text, media_type="application/json", headers={"Vary": "Accept"})


def preferred_format(accept: str) -> str:
    """The first that the client names of those there are; JSON if it names none."""
    for part in accept.split(","):
        kind, _, rest = part.partition(";")
        if "q=0" in rest.replace(" ", "").split(";"):
            continue
        if kind.strip().lower() in {"text/csv", "application/json"}:
            return kind.strip().lower().partition("/")[2]
    return "json"


async def _view(frame: StatementFrame, reads: LedgerReads) -> StatementView:
    size = await reads.statement_size(frame)
    if size > MOST_ENTRIES:
        detail = "ask for a shorter time, or for text/csv, which has no such limit"
        raise ProblemError(TOO_LONG.problem(detail, entries=size, limit=MOST_ENTRIES))
    lines = [line async for part in reads.statement_lines(frame) for line in part]
    currency = frame.currency
    return StatementView(
        account_id=frame.account_id,
        name=frame.name,
        currency=currency,
        starts_at=frame.starts_at,
        ends_at=frame.ends_at,
        opening_balance=to_decimal_text(frame.opening_balance, currency),
        total_in=to_decimal_text(sum(max(line.amount, 0) for line in lines), currency),
        total_out=to_decimal_text(sum(max(-line.amount, 0) for line in lines), currency),
        closing_balance=to_decimal_text(frame.closing_balance, currency),
        entries=[_entry(line, currency) for line in lines],
    )


def _entry(line: StatementLine, currency: str) -> StatementEntry:
    return StatementEntry(
        transaction_id=line.transaction_id,
        reference_id=line.reference_id,
        type=line.kind,
        version=line.version,
        amount=to_decimal_text(line.amount, currency),
        balance=to_decimal_text(line.balance, currency),
        description=line.description,
        created_at=line.created_at,
    )
