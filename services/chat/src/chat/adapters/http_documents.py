"""The documents, searched through ingest's HTTP interface."""

import asyncio
from typing import Final

import httpx2
from pydantic import ValidationError

from chat.application.ports import DocumentsAway
from contracts.ingest import Passage, SearchResults

_TIMEOUT_S: Final = 8.0
_TRY_AGAIN_LATER: Final = frozenset({408, 425, 429})


class HttpDocuments:
    """See chat.application.ports.Documents.

    A 4xx that no waiting mends is a defect of ours and raises httpx2.HTTPStatusError.
    """

    def __init__(
        self, http: httpx2.AsyncClient, url: str, key: str, *, timeout_s: float = _TIMEOUT_S
    ) -> None:
        self._http = http
        self._url = f"{url}/documents/search"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._timeout_s = timeout_s

    async def search(self, question: str, *, limit: int) -> list[Passage]:
        """The best passages first. Raises DocumentsAway."""
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._http.get(
                    self._url, params={"q": question, "limit": limit}, headers=self._headers
                )
        except (httpx2.TransportError, TimeoutError) as error:
            raise DocumentsAway(f"the documents can't be reached: {error!r}") from error
        if response.is_server_error or response.status_code in _TRY_AGAIN_LATER:
            raise DocumentsAway(f"the documents answer {response.status_code}")
        response.raise_for_status()
        try:
            return SearchResults.model_validate_json(response.content).items
        except ValidationError as error:
            raise DocumentsAway(f"the documents answer something else: {error}") from error
