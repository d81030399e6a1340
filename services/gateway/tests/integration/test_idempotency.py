import asyncio
from uuid import UUID

import pytest
from services.gateway.tests.fakes import EVE
from services.gateway.tests.integration.conftest import RunningGateway, an_account, problem_in


async def test_a_repeated_request_is_the_same_operation(gateway: RunningGateway) -> None:
    answers = [await gateway.open_account(idempotency_key="key") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert len(await gateway.commands()) == 1


async def test_of_many_at_once_with_one_key_one_is_accepted(gateway: RunningGateway) -> None:
    answers = await asyncio.gather(*(gateway.open_account(idempotency_key="key") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await gateway.commands()) == 1


async def test_the_same_key_with_another_body_is_refused(gateway: RunningGateway) -> None:
    first = await gateway.open_account("EUR", idempotency_key="key")
    problem = problem_in(
        await gateway.open_account("USD", idempotency_key="key"), 422, "idempotency-key-reused"
    )
    assert problem["operation_id"] == first.json()["id"]
    assert len(await gateway.commands()) == 1


async def test_the_same_key_at_another_place_is_refused(gateway: RunningGateway) -> None:
    for number, status in ((1, 202), (2, 422)):
        path = f"/orders/{UUID(int=number)}/cancel"
        answer = await gateway.send("POST", path, headers={"Idempotency-Key": "key"})
        assert answer.status_code == status


async def test_spelling_a_body_differently_is_no_other_body(gateway: RunningGateway) -> None:
    bodies = (b'{"currency":"EUR"}', b'{ "name": "", "currency": " EUR " }')
    answers = [
        await gateway.send(
            "POST",
            "/accounts",
            content=body,
            headers={"Idempotency-Key": "key", "Content-Type": "application/json"},
        )
        for body in bodies
    ]
    assert answers[0].json() == answers[1].json()


async def test_a_key_belongs_to_whoever_sent_it(gateway: RunningGateway) -> None:
    await gateway.open_account(idempotency_key="key")
    other = await gateway.send(
        "POST", "/accounts", by=EVE, json={"currency": "USD"}, headers={"Idempotency-Key": "key"}
    )
    assert other.status_code == 202
    assert len(await gateway.commands()) == 2


async def test_only_one_request_waits_for_a_key_at_a_time(gateway: RunningGateway) -> None:
    async with gateway.waiting(
        lambda: gateway.open_account(prefer="wait=10", idempotency_key="key")
    ) as (operation_id, answer):
        second = await gateway.open_account(prefer="wait=10", idempotency_key="key")
        assert problem_in(second, 409, "idempotency-key-in-flight")["operation_id"] == str(
            operation_id
        )
        patient = await gateway.open_account(idempotency_key="key")
        assert (patient.status_code, patient.json()["id"]) == (202, str(operation_id))
        await gateway.outcome(operation_id, result=an_account())
        assert (await answer).status_code == 201


async def test_the_outcome_of_a_known_key_comes_at_once(gateway: RunningGateway) -> None:
    operation_id = (await gateway.open_account(idempotency_key="key")).json()["id"]
    account = an_account()
    await gateway.outcome(UUID(operation_id), result=account)
    again = await gateway.open_account(prefer="wait=10", idempotency_key="key")
    assert (again.status_code, again.json()) == (201, account)
    unhurried = await gateway.open_account(idempotency_key="key")
    assert (unhurried.status_code, unhurried.json()["state"]) == (202, "succeeded")


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_1_to_255_characters(gateway: RunningGateway, key: str) -> None:
    problem_in(await gateway.open_account(idempotency_key=key), 400, "invalid-header")
    assert not await gateway.commands()
