"""Who looks, and where."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from ledger.application.reads import LedgerReads
from web.callers import Caller


def _reads(request: Request) -> LedgerReads:
    reads: LedgerReads = request.app.state.reads
    return reads


Reads = Annotated[LedgerReads, Depends(_reads)]


def whose(caller: Caller) -> UUID | None:
    """The person to whom the view is limited; None sees everything."""
    return None if caller.sees_everything else caller.subject
