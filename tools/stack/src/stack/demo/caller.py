import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from stack.demo.expectations import DemoFailed

Resource = dict[str, Any]

_WAIT_S = 20
_SETTLED_WITHIN_S = 60
_POLL_S = 0.2


class Caller:
    """Somebody who uses the public API, signed in or not. Every method may raise DemoFailed."""

    def __init__(self, api_url: str, transport: httpx2.BaseTransport | None = None) -> None:
        # The API is on the loopback, which a proxy named in the environment can't reach.
        self._http = httpx2.Client(
            base_url=api_url, timeout=_WAIT_S + 10, trust_env=False, transport=transport
        )

    def close(self) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> None:
        tokens = self.post("/auth/login", {"email": email, "password": password})
        self._http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def get(self, path: str, **filters: str) -> Resource:
        return _resource(self._send("GET", path, params=filters))

    def etag(self, path: str) -> str:
        return self._send("GET", path).headers["ETag"]

    def post(self, path: str, body: Resource) -> Resource:
        """For the few requests that are no commands: those of sign-in."""
        return _resource(self._send("POST", path, json=body))

    def command(
        self,
        path: str,
        body: Resource | None = None,
        *,
        method: str = "POST",
        if_match: str = "",
        upload: Mapping[str, object] | None = None,
    ) -> Resource:
        """Asks for the result itself; if that takes longer, looks the operation up until then."""
        headers = {"Prefer": f"wait={_WAIT_S}"} | ({"If-Match": if_match} if if_match else {})
        response = self._send(method, path, json=body, headers=headers, files=upload)
        if response.status_code != httpx2.codes.ACCEPTED:
            return _resource(response)
        return self._result_of(response.headers["Location"])

    @contextmanager
    def stream(self, path: str, body: Resource) -> Iterator[httpx2.EventSource]:
        try:
            with self._http.sse(path, method="POST", json=body) as events:
                if events.response.is_error:
                    events.response.read()
                    raise DemoFailed(_refusal(events.response))
                yield events
        except httpx2.HTTPError as error:
            raise DemoFailed(f"The demo failed: POST {path}: {error!r}") from error

    def _result_of(self, operation: str) -> Resource:
        deadline = time.monotonic() + _SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            found = self.get(operation.removeprefix("/api/v1"))
            if found["state"] == "succeeded":
                return dict(found["result"])
            if found["state"] != "accepted":
                raise DemoFailed(
                    f"The demo failed: {found['command']} was {found['state']}: {found}"
                )
            time.sleep(_POLL_S)
        raise DemoFailed(
            f"The demo failed: {operation} has no outcome after {_SETTLED_WITHIN_S} s."
        )

    def _send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **request)
        except httpx2.HTTPError as error:
            raise DemoFailed(f"The demo failed: {method} {path}: {error!r}") from error
        if response.is_error:
            raise DemoFailed(_refusal(response))
        return response


def _resource(response: httpx2.Response) -> Resource:
    return dict(response.json())


def _refusal(response: httpx2.Response) -> str:
    request = response.request
    return (
        f"The demo failed: {request.method} {request.url.path} answered {response.status_code}: "
        f"{response.text[:500]}"
    )
