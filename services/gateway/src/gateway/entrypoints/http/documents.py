from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from contracts.ids import new_id
from contracts.ingest import (
    DocumentView,
    IngestDocument,
    RemoveDocument,
    SearchResults,
    StoredUpload,
)
from contracts.paging import Page
from contracts.problems import Problem
from gateway.entrypoints.http.forwarding import Forward
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import SignedIn, Staff
from web.conditional import expected_version
from web.problems import INVALID, ProblemError

router = APIRouter(prefix="/documents", tags=["documents"])

CHUNK_BYTES = 64 * 1024


@router.post("", status_code=201, responses=ANSWERS, response_model=DocumentView)
async def upload_document(
    file: Annotated[UploadFile, File()],
    caller: Staff,
    submit: Submit,
    forward: Forward,
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The bytes go to ingest first; the command says what to do with them."""
    document_id = new_id()
    filename = PurePath(file.filename or "").name[:200] or "document"
    if "\0" in title + filename:
        raise ProblemError(INVALID.problem("the character U+0000 is not allowed"))
    answer = await forward.upload(
        "ingest", f"/uploads/{document_id}", _chunks(file), filename=filename
    )
    if answer.status_code >= 400:
        raise ProblemError(Problem.model_validate_json(answer.content))
    stored = StoredUpload.model_validate_json(answer.content)
    command = IngestDocument(
        document_id=document_id,
        title=title.strip() or PurePath(filename).stem,
        filename=filename,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        content_hash=stored.content_hash,
    )
    return await submit(
        command, caller, f"{command.title}\n{filename}\n{stored.content_hash}", creates=True
    )


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK_BYTES):
        yield chunk


@router.get("", response_model=Page[DocumentView])
async def list_documents(_caller: Staff, request: Request, forward: Forward) -> Response:
    return await forward.read("ingest", request)


@router.get(
    "/search",
    response_model=SearchResults,
    openapi_extra={
        "parameters": [
            query("q", "A question, or words of one", required=True, minLength=1, maxLength=500),
            query("limit", "How many passages", type="integer", minimum=1, maximum=20, default=5),
        ]
    },
)
async def search_documents(_caller: SignedIn, request: Request, forward: Forward) -> Response:
    return await forward.read("ingest", request)


@router.get("/{document_id}", response_model=DocumentView)
async def read_document(
    document_id: UUID, _caller: Staff, request: Request, forward: Forward
) -> Response:
    return await forward.read("ingest", request)


@router.get(
    "/{document_id}/content",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def download_document(
    document_id: UUID, _caller: Staff, request: Request, forward: Forward
) -> Response:
    return await forward.read("ingest", request)


@router.delete("/{document_id}", status_code=204, responses=ANSWERS)
async def remove_document(
    document_id: UUID,
    caller: Staff,
    version: Annotated[int, Depends(expected_version)],
    submit: Submit,
) -> Response:
    command = RemoveDocument(document_id=document_id, expected_version=version)
    return await submit(command, caller)
