import json
from uuid import UUID

import pytest
from services.gateway.tests.fakes import ADA, EVE
from services.gateway.tests.integration.conftest import RunningGateway, an_account, problem_in

from contracts.problems import Problem
from contracts.topics import GATEWAY_OUTCOMES

BROKE = Problem.model_validate(
    {
        "type": "/problems/insufficient-funds",
        "title": "Not enough money",
        "status": 409,
        "requested": "5.00",
    }
)


async def test_a_write_is_accepted_and_its_command_is_on_its_way(gateway: RunningGateway) -> None:
    response = await gateway.open_account()
    operation = response.json()
    assert (response.status_code, operation["state"]) == (202, "accepted")
    assert response.headers["location"] == f"/api/v1/operations/{operation['id']}"
    assert response.headers["retry-after"] == "1"
    [command] = await gateway.commands()
    assert command.topic == "ledger.commands.v1"
    assert command.headers["ce_id"] == operation["id"]
    assert command.headers["ce_actor"] == str(ADA)
    assert command.headers["ce_replyto"] == GATEWAY_OUTCOMES.name
    assert command.headers["traceparent"][3:35] == response.headers["traceparent"][3:35]
    assert json.loads(command.value)["owner_id"] == str(ADA)


async def test_the_operation_can_be_read_until_and_after_it_has_ended(
    gateway: RunningGateway,
) -> None:
    accepted = (await gateway.open_account()).json()
    assert (await gateway.send("GET", f"/operations/{accepted['id']}")).json() == accepted
    account = an_account()
    await gateway.outcome(UUID(accepted["id"]), result=account)
    ended = (await gateway.send("GET", f"/operations/{accepted['id']}")).json()
    assert (ended["state"], ended["result"], ended["problem"]) == ("succeeded", account, None)
    assert ended["finished_at"] >= ended["created_at"]


async def test_whoever_prefers_to_wait_gets_the_result_itself(gateway: RunningGateway) -> None:
    account = an_account(version=3)
    async with gateway.waiting(lambda: gateway.open_account(prefer="wait=5")) as (
        operation_id,
        answer,
    ):
        await gateway.outcome(operation_id, result=account)
        response = await answer
    assert (response.status_code, response.json()) == (201, account)
    assert response.headers["etag"] == '"v3"'
    assert response.headers["location"] == f"/api/v1/operations/{operation_id}"
    assert response.headers["preference-applied"] == "wait=5"


async def test_when_the_time_is_up_the_write_is_accepted_all_the_same(
    gateway: RunningGateway,
) -> None:
    response = await gateway.open_account(prefer="wait=0")
    assert (response.status_code, response.json()["state"]) == (202, "accepted")
    assert response.headers["preference-applied"] == "wait=0"
    assert len(await gateway.commands()) == 1


async def test_nobody_waits_longer_than_half_a_minute(gateway: RunningGateway) -> None:
    async with gateway.waiting(lambda: gateway.open_account(prefer="wait=600")) as (
        operation_id,
        answer,
    ):
        await gateway.outcome(operation_id)
        assert (await answer).headers["preference-applied"] == "wait=30"


async def test_a_refusal_is_its_problem_with_its_status_and_figures(
    gateway: RunningGateway,
) -> None:
    async with gateway.waiting(lambda: gateway.open_account(prefer="wait=5")) as (
        operation_id,
        answer,
    ):
        await gateway.outcome(operation_id, state="refused", result=None, problem=BROKE)
        response = await answer
    problem = problem_in(response, 409, "insufficient-funds")
    assert problem["requested"] == "5.00"
    assert response.headers["location"] == f"/api/v1/operations/{operation_id}"
    operation = (await gateway.send("GET", f"/operations/{operation_id}")).json()
    assert (operation["state"], operation["problem"]["requested"]) == ("refused", "5.00")


async def test_a_defect_behind_the_gateway_is_an_internal_error(gateway: RunningGateway) -> None:
    problem = Problem(type="/problems/internal-error", title="Ours", status=500)
    async with gateway.waiting(lambda: gateway.open_account(prefer="wait=5")) as (
        operation_id,
        answer,
    ):
        await gateway.outcome(operation_id, state="failed", result=None, problem=problem)
        problem_in(await answer, 500, "internal-error")


async def test_a_result_of_nothing_is_no_content(gateway: RunningGateway) -> None:
    def remove() -> object:
        headers = {"Prefer": "wait=5", "If-Match": '"v1"'}
        return gateway.send("DELETE", f"/documents/{EVE}", role="staff", headers=headers)

    async with gateway.waiting(remove) as (operation_id, answer):
        await gateway.outcome(operation_id, command="RemoveDocument", result=None)
        response = await answer
    assert (response.status_code, response.content) == (204, b"")


async def test_a_change_that_succeeds_is_no_creation(gateway: RunningGateway) -> None:
    def capture() -> object:
        return gateway.send(
            "POST", f"/holds/{EVE}/capture", role="staff", json={}, headers={"Prefer": "wait=5"}
        )

    async with gateway.waiting(capture) as (operation_id, answer):
        await gateway.outcome(operation_id, result={"id": str(EVE)})
        response = await answer
    assert response.status_code == 200
    assert "etag" not in response.headers


async def test_the_first_outcome_stands_and_an_unknown_one_is_harmless(
    gateway: RunningGateway,
) -> None:
    operation_id = (await gateway.open_account()).json()["id"]
    await gateway.outcome(EVE)
    await gateway.outcome(UUID(operation_id), result={"n": 1})
    await gateway.outcome(UUID(operation_id), state="refused", result=None, problem=BROKE)
    operation = (await gateway.send("GET", f"/operations/{operation_id}")).json()
    assert (operation["state"], operation["result"]) == ("succeeded", {"n": 1})


async def test_the_operation_of_somebody_else_is_not_there(gateway: RunningGateway) -> None:
    operation_id = (await gateway.open_account()).json()["id"]
    await gateway.outcome(UUID(operation_id))
    for path in (f"/operations/{operation_id}", f"/operations/{operation_id}/events"):
        problem_in(await gateway.send("GET", path, by=EVE), 404, "operation-not-found")
        assert (await gateway.send("GET", path, by=EVE, role="staff")).status_code == 200
    assert (await gateway.send("GET", "/operations", by=EVE)).json()["items"] == []


async def test_operations_are_listed_newest_first_by_state_and_in_pages(
    gateway: RunningGateway,
) -> None:
    ids = [(await gateway.open_account()).json()["id"] for _ in range(3)]
    await gateway.outcome(UUID(ids[0]))
    first = (await gateway.send("GET", "/operations?limit=2")).json()
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    rest = (await gateway.send("GET", f"/operations?limit=2&after={first['next']}")).json()
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([ids[0]], None)
    succeeded = (await gateway.send("GET", "/operations?state=succeeded")).json()
    assert [item["id"] for item in succeeded["items"]] == [ids[0]]


@pytest.mark.parametrize("query", ["after=nonsense", "state=lost", "limit=0", "subject=x"])
async def test_a_query_that_operations_do_not_know_is_refused(
    gateway: RunningGateway, query: str
) -> None:
    response = await gateway.send("GET", f"/operations?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_change_needs_the_version_that_was_read(gateway: RunningGateway) -> None:
    async def change(**headers: str) -> object:
        return await gateway.send("PATCH", "/users/me", json={"name": "Ada"}, headers=headers)

    problem_in(await change(), 428, "precondition-required")  # type: ignore[arg-type]
    for etag in ("v1", "*", 'W/"v1"', '"v-1"', '"7"'):
        problem_in(await change(**{"If-Match": etag}), 400, "invalid-header")  # type: ignore[arg-type]
    assert not await gateway.commands()
    await change(**{"If-Match": '"v7"'})
    [command] = await gateway.commands()
    assert json.loads(command.value)["expected_version"] == 7
