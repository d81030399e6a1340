from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

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
from gateway.entrypoints.http.forwarding import Forward, Forwarder
from gateway.entrypoints.http.openapi import query
from gateway.entrypoints.http.submission import ANSWERS, Submit
from web.callers import SignedIn, Staff
from web.conditional import expected_version
from web.problems import INVALID, ProblemError

router = APIRouter(prefix="/documents", tags=["documents"])

CHUNK_BYTES: Final = 64 * 1024
LONGEST_TITLE: Final = 200
FORM: Final[dict[str, Any]] = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "title": {"type": "string", "maxLength": LONGEST_TITLE, "default": ""},
        },
    }
}


@router.post(
    "",
    status_code=201,
    responses=ANSWERS,
    response_model=DocumentView,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": FORM}}},
)
async def upload_document(
    request: Request, caller: Staff, submit: Submit, forward: Forward
) -> Response:
    """The bytes go to ingest first; the command says what to do with them."""
    # Read here and not as a parameter: nobody's body is taken in before we know who it is.
    async with request.form(max_files=1, max_fields=5) as form:
        file, title = _file_and_title(form)
        stored = await _store(file, forward)
    command = IngestDocument(
        document_id=stored.document_id,
        title=title or PurePath(stored.filename).stem,
        filename=stored.filename,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        content_hash=stored.content_hash,
    )
    sent = f"{command.title}\n{command.filename}\n{command.content_hash}"
    return await submit(command, caller, sent, creates=True)


def _file_and_title(form: FormData) -> tuple[UploadFile, str]:
    file, title = form.get("file"), form.get("title", "")
    if not isinstance(file, UploadFile):
        raise _invalid("file", "a file is required")
    if not isinstance(title, str) or len(title) > LONGEST_TITLE:
        raise _invalid("title", f"title is a text of at most {LONGEST_TITLE} characters")
    if "\0" in title + (file.filename or ""):
        raise _invalid("title", "the character U+0000 is not allowed")
    return file, title.strip()


def _invalid(member: str, detail: str) -> ProblemError:
    errors = [{"pointer": f"/{member}", "detail": detail}]
    return ProblemError(INVALID.problem(detail, errors=errors))


async def _store(file: UploadFile, forward: Forwarder) -> StoredUpload:
    filename = PurePath((file.filename or "").replace("\\", "/")).name[:200] or "document"
    answer = await forward.upload(
        "ingest", f"/uploads/{new_id()}", _chunks(file), filename=filename
    )
    if answer.status_code >= 400:
        raise ProblemError(Problem.model_validate_json(answer.content))
    return StoredUpload.model_validate_json(answer.content)


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
