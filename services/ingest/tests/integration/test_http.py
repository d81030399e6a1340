from collections.abc import AsyncIterator
from hashlib import sha256

import httpx2
import pytest
from services.ingest.tests.integration.bench import IngestBench

from contracts.ids import new_id
from ingest.application.store_upload import StoreUpload
from ingest.entrypoints import http
from ingest.entrypoints.problems import PROBLEMS
from testkit.applications import application_of, client_of
from testkit.tokens import INTERNAL_KEY, TokenIssuer

LIMIT_BYTES = 300_000


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
async def service(ingest: IngestBench, issuer: TokenIssuer) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with the deployment's internal key."""
    app = application_of(
        http.router,
        issuer=issuer,
        problems=PROBLEMS,
        streamed=("/uploads/",),
        state={
            "reads": ingest.reads,
            "files": ingest.files,
            "search": ingest.search,
            "store_upload": StoreUpload(
                files=ingest.files, reads=ingest.reads, limit_bytes=LIMIT_BYTES
            ),
        },
    )
    async with client_of(app, headers={"Authorization": f"Bearer {INTERNAL_KEY}"}) as client:
        yield client


@pytest.fixture
def staff(issuer: TokenIssuer) -> dict[str, str]:
    return issuer.authorization(new_id(), "staff")


async def test_an_upload_is_kept_and_answered_with_what_it_is(
    ingest: IngestBench, service: httpx2.AsyncClient
) -> None:
    document_id, content = new_id(), b"# Hours\n\nOpen at six."
    path = f"/uploads/{document_id}"

    first = await service.put(path, params={"filename": "../a/hours.md"}, content=content)
    response = await service.put(path, params={"filename": "../a/hours.md"}, content=content)

    assert first.json() == response.json()
    assert response.status_code == 200
    assert response.json() == {
        "document_id": str(document_id),
        "filename": "hours.md",
        "content_type": "text/markdown",
        "size_bytes": len(content),
        "content_hash": sha256(content).hexdigest(),
    }
    assert await ingest.files.read(document_id) == content


async def test_an_upload_may_be_larger_than_other_bodies(service: httpx2.AsyncClient) -> None:
    content = b"word " * (LIMIT_BYTES // 5)

    response = await service.put(
        f"/uploads/{new_id()}", params={"filename": "long.txt"}, content=content
    )

    assert response.json()["size_bytes"] == LIMIT_BYTES


@pytest.mark.parametrize("is_announced", [True, False])
async def test_an_upload_over_the_limit_is_refused_and_leaves_nothing(
    ingest: IngestBench, service: httpx2.AsyncClient, is_announced: bool
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 100_000

    content = b"x" * 400_000 if is_announced else pieces()
    response = await service.put(
        f"/uploads/{new_id()}", params={"filename": "long.txt"}, content=content
    )

    assert response.status_code == 413
    problem = response.json()
    assert (problem["type"], problem["limit_bytes"]) == ("/problems/content-too-large", LIMIT_BYTES)
    assert list((ingest.folder / "files").iterdir()) == []


async def test_an_upload_of_a_type_that_is_not_read_is_refused_and_leaves_nothing(
    ingest: IngestBench, service: httpx2.AsyncClient
) -> None:
    response = await service.put(
        f"/uploads/{new_id()}", params={"filename": "a.pdf"}, content=b"PK\x03\x04"
    )

    assert response.status_code == 415
    assert response.json()["detected"] == "application/zip"
    assert list((ingest.folder / "files").iterdir()) == []


async def test_only_services_upload(
    service: httpx2.AsyncClient, staff: dict[str, str], issuer: TokenIssuer
) -> None:
    for headers, status in ((staff, 403), ({"Authorization": ""}, 401)):
        response = await service.put(
            f"/uploads/{new_id()}", params={"filename": "a.txt"}, content=b"a", headers=headers
        )
        assert response.status_code == status


async def test_the_content_of_a_document_can_not_be_replaced(
    ingest: IngestBench, service: httpx2.AsyncClient
) -> None:
    command = await ingest.upload(b"Open at six.")
    await ingest.ingest(command)
    path = f"/uploads/{command.document_id}"

    same = await service.put(path, params={"filename": "a.txt"}, content=b"Open at six.")
    other = await service.put(path, params={"filename": "a.txt"}, content=b"Closed for good.")

    assert (same.status_code, other.status_code) == (200, 409)
    assert await ingest.files.read(command.document_id) == b"Open at six."


async def test_staff_read_documents_with_etags_and_nobody_else_does(
    ingest: IngestBench,
    service: httpx2.AsyncClient,
    staff: dict[str, str],
    issuer: TokenIssuer,
) -> None:
    command = await ingest.upload(b"Open at six.")
    await ingest.ingest(command)
    path = f"/documents/{command.document_id}"

    read = await service.get(path, headers=staff)
    listed = await service.get("/documents", headers=staff)
    unchanged = await service.get(path, headers=staff | {"If-None-Match": '"v2"'})
    customer = issuer.authorization(new_id(), "customer")
    forbidden = [
        (await service.get(each, headers=customer)).status_code
        for each in ("/documents", path, f"{path}/content")
    ]

    assert (read.headers["etag"], read.json()["status"]) == ('"v2"', "processed")
    assert listed.json() == {"items": [read.json()], "next": None}
    assert unchanged.status_code == 304
    assert forbidden == [403, 403, 403]
    assert (await service.get(f"/documents/{new_id()}", headers=staff)).status_code == 404


async def test_content_comes_as_a_harmless_attachment(
    ingest: IngestBench, service: httpx2.AsyncClient, staff: dict[str, str]
) -> None:
    command = await ingest.upload(
        b"Open at six.", filename='Öffnung"szeiten\r\n.txt', content_type="text/plain"
    )
    await ingest.ingest(command)

    response = await service.get(f"/documents/{command.document_id}/content", headers=staff)

    assert response.content == b"Open at six."
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["content-length"] == "12"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-disposition"] == (
        "attachment; filename=\"_ffnung_szeiten_.txt\"; filename*=UTF-8''%C3%96ffnung_szeiten_.txt"
    )


async def test_anybody_signed_in_searches(
    ingest: IngestBench, service: httpx2.AsyncClient, issuer: TokenIssuer
) -> None:
    await ingest.ingest(await ingest.upload(b"Open at six."))

    visitor = issuer.authorization(new_id(), "anonymous")
    response = await service.get(
        "/documents/search", params={"q": " open at six? "}, headers=visitor
    )

    (passage,) = response.json()["items"]
    assert passage["text"] == "Open at six."
    assert 0 < passage["term_overlap"] <= 1


@pytest.mark.parametrize("query", ["", "q=", "q=a&limit=0", "q=a&limit=21", "q=a&page=2"])
async def test_a_search_that_is_not_valid_is_refused(
    service: httpx2.AsyncClient, query: str
) -> None:
    response = await service.get(f"/documents/search?{query}")

    assert response.status_code == 400
    assert response.json()["type"] == "/problems/invalid-query"
