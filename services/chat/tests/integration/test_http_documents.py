import asyncio
from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, Header, HTTPException, Response
from services.chat.tests.fakes import a_passage

from chat.adapters.http_documents import HttpDocuments
from chat.application.ports import DocumentsAway
from contracts.ingest import SearchResults
from testkit.applications import client_of

FOUND = a_passage()


def documents(app: FastAPI, *, timeout_s: float = 5.0) -> HttpDocuments:
    return HttpDocuments(client_of(app), "http://ingest.test", "the key", timeout_s=timeout_s)


def answering(status: int, content: bytes = b"") -> FastAPI:
    app = FastAPI()

    @app.get("/documents/search")
    async def search() -> Response:
        return Response(content, status, media_type="application/json")

    return app


async def test_a_search_asks_with_the_internal_key_and_returns_the_passages() -> None:
    app = FastAPI()

    @app.get("/documents/search")
    async def search(q: str, limit: int, authorization: Annotated[str, Header()]) -> SearchResults:
        if (q, limit, authorization) != ("50 % & more?", 3, "Bearer the key"):
            raise HTTPException(400)
        return SearchResults(items=[FOUND])

    assert await documents(app).search("50 % & more?", limit=3) == [FOUND]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_error_that_passes_is_an_outage(status: int) -> None:
    with pytest.raises(DocumentsAway, match=str(status)):
        await documents(answering(status)).search("When?", limit=3)


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_an_error_of_ours_is_a_defect(status: int) -> None:
    with pytest.raises(httpx2.HTTPStatusError):
        await documents(answering(status)).search("When?", limit=3)


async def test_an_answer_that_is_none_is_an_outage() -> None:
    with pytest.raises(DocumentsAway):
        await documents(answering(200, b"<html>")).search("When?", limit=3)


async def test_documents_that_never_answer_are_away() -> None:
    app, never = FastAPI(), asyncio.Event()

    @app.get("/documents/search")
    async def search() -> None:
        await never.wait()

    with pytest.raises(DocumentsAway):
        await documents(app, timeout_s=0.05).search("When?", limit=3)


async def test_documents_that_nobody_serves_are_away() -> None:
    async with httpx2.AsyncClient() as http:
        nowhere = HttpDocuments(http, "http://127.0.0.1:9", "the key")
        with pytest.raises(DocumentsAway):
            await nowhere.search("When?", limit=3)


def test_an_outage_is_one_that_the_store_calls_transient() -> None:
    # The workers try a transient error again for as long as it lasts.
    assert issubclass(DocumentsAway, ConnectionError)
