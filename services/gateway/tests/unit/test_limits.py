from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from services.gateway.tests.fakes import ADA, EVE

from gateway.adapters.memory import MemoryRateLimits
from gateway.domain.rate import Policy
from gateway.entrypoints.http.limits import RateLimit
from testkit.applications import application_of
from testkit.tokens import TokenIssuer

router = APIRouter()


@router.get("/api/v1/things")
@router.post("/api/v1/auth/login")
@router.get("/api/docs")
async def answer() -> str:
    return "here you are"


@dataclass
class Front:
    app: FastAPI
    issuer: TokenIssuer

    async def get(
        self, address: str = "192.0.2.1", path: str = "/api/v1/things", **headers: str
    ) -> httpx2.Response:
        return await self.request("GET", path, address, headers)

    async def log_in(self, address: str, **headers: str) -> httpx2.Response:
        return await self.request("POST", "/api/v1/auth/login", address, headers)

    async def request(
        self, method: str, path: str, address: str, headers: dict[str, str]
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app, client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://front.test") as client:
            return await client.request(method, path, headers=headers)

    def token(self, who: Any) -> str:
        return f"Bearer {self.issuer.token(who, 'customer')}"


@pytest.fixture
def front() -> Front:
    issuer = TokenIssuer()
    app = application_of(router, issuer=issuer)
    app.add_middleware(
        RateLimit,
        limits=MemoryRateLimits(lambda: 1_000.0),
        known=Policy(name="caller", burst=3, window_s=60),
        stranger=Policy(name="address", burst=2, window_s=60),
        sign_in=Policy(name="sign-in", burst=1, window_s=60),
    )
    return Front(app, issuer)


async def test_every_answer_tells_the_limit_and_what_is_left(front: Front) -> None:
    response = await front.get()
    assert response.status_code == 200
    assert response.headers["ratelimit-policy"] == '"address";q=2;w=60'
    assert response.headers["ratelimit"] == '"address";r=1;t=0'


async def test_too_many_requests_are_a_problem_that_says_when_to_come_again(front: Front) -> None:
    for _ in range(2):
        assert (await front.get()).status_code == 200
    response = await front.get()
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "30"
    assert response.headers["ratelimit"] == '"address";r=0;t=30'
    problem = response.json()
    assert (problem["type"], problem["policy"]) == ("/problems/quota-exceeded", "address")
    assert problem["retry_after_s"] == 30


async def test_strangers_are_counted_by_address(front: Front) -> None:
    responses = [await front.get("192.0.2.1") for _ in range(3)]
    assert responses[-1].status_code == 429
    assert (await front.get("192.0.2.2")).status_code == 200


async def test_people_are_counted_by_who_they_are_wherever_they_are(front: Front) -> None:
    for number in range(3):
        token = front.token(ADA)
        response = await front.get(f"192.0.2.{number}", authorization=token)
        assert response.headers["ratelimit-policy"] == '"caller";q=3;w=60'
    assert (await front.get("192.0.2.9", authorization=front.token(ADA))).status_code == 429
    assert (await front.get("192.0.2.9", authorization=front.token(EVE))).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer made-up-{}", "Basic {}", "{}", "Bearer"])
async def test_made_up_tokens_bring_no_allowance_of_their_own(front: Front, scheme: str) -> None:
    responses = [await front.get(authorization=scheme.format(number)) for number in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]


async def test_while_sign_in_is_away_everybody_is_a_stranger(front: Front) -> None:
    front.issuer.is_away = True
    response = await front.get(authorization=front.token(ADA))
    assert response.headers["ratelimit-policy"] == '"address";q=2;w=60'


async def test_sign_in_is_counted_by_address_whatever_token_comes_with_it(front: Front) -> None:
    assert (await front.log_in("192.0.2.1")).status_code == 200
    response = await front.log_in("192.0.2.1", authorization=front.token(ADA))
    assert response.status_code == 429
    assert response.json()["policy"] == "sign-in"
    assert (await front.log_in("192.0.2.2")).status_code == 200


async def test_what_is_not_the_public_api_is_not_counted(front: Front) -> None:
    for path in ("/api/docs", "/health/live"):
        responses = [await front.get(path=path) for _ in range(5)]
        assert {response.status_code for response in responses} == {200}
        assert "ratelimit" not in responses[0].headers
