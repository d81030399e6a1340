from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.ingest import DocumentView, SearchResults, StoredUpload
from contracts.paging import Page
from ingest.application.ports import DocumentFiles, DocumentReads
from ingest.application.search_documents import SearchDocuments
from ingest.application.store_upload import StoreUpload
from ingest.domain.filenames import clean_filename
from web.callers import Service, SignedIn, Staff
from web.conditional import versioned
from web.paging import PageParameters

router = APIRouter()


def _reads(request: Request) -> DocumentReads:
    reads: DocumentReads = request.app.state.reads
    return reads


def _files(request: Request) -> DocumentFiles:
    files: DocumentFiles = request.app.state.files
    return files


def _search(request: Request) -> SearchDocuments:
    search: SearchDocuments = request.app.state.search
    return search


def _store_upload(request: Request) -> StoreUpload:
    store_upload: StoreUpload = request.app.state.store_upload
    return store_upload


Reads = Annotated[DocumentReads, Depends(_reads)]


class SearchQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    q: str = Field(min_length=1, max_length=500)
    limit: int = Field(default=5, ge=1, le=20)


@router.put("/uploads/{document_id}")
async def put_upload(
    document_id: UUID,
    _caller: Service,
    request: Request,
    filename: Annotated[str, Query(min_length=1, max_length=1000)],
    store_upload: Annotated[StoreUpload, Depends(_store_upload)],
    content_length: Annotated[int, Header(ge=0)] = 0,
) -> StoredUpload:
    return await store_upload(
        document_id, filename, request.stream(), announced_bytes=content_length
    )


@router.get("/documents")
async def list_documents(_caller: Staff, page: PageParameters, reads: Reads) -> Page[DocumentView]:
    return await reads.documents(limit=page.limit, after=page.after)


@router.get("/documents/search")
async def search_documents(
    _caller: SignedIn,
    query: Annotated[SearchQuery, Query()],
    search: Annotated[SearchDocuments, Depends(_search)],
) -> SearchResults:
    return await search(query.q, query.limit)


@router.get("/documents/{document_id}", response_model=DocumentView)
async def read_document(
    document_id: UUID, _caller: Staff, request: Request, reads: Reads
) -> Response:
    return versioned(await reads.document(document_id), request)


@router.get("/documents/{document_id}/content")
async def read_content(
    document_id: UUID,
    _caller: Staff,
    reads: Reads,
    files: Annotated[DocumentFiles, Depends(_files)],
) -> Response:
    document = await reads.document(document_id)
    return StreamingResponse(
        await files.stream(document_id),
        headers={
            "Content-Type": document.content_type,
            "Content-Length": str(document.size_bytes),
            "Content-Disposition": _attachment(document.filename),
            "X-Content-Type-Options": "nosniff",
        },
    )


def _attachment(filename: str) -> str:
    """RFC 6266: a name for every client in ASCII, and the whole one in UTF-8 (RFC 8187)."""
    name = clean_filename(filename)
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
