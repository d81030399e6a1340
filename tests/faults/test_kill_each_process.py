"""Each process is killed once in the middle of orders; whatever was accepted still ends, once."""

import pytest

from stack.embedded import Stack
from tests.frontdesk import Person, Resource, create_product, open_account

ORDERS = 6
QUANTITY = 2
PRICE_CENTS = 1_850
STOCK = 100
MONEY_CENTS = 50_000

PROCESSES = ("gateway", "auth", "chat", "ingest", "ledger", "catalog", "broker")


@pytest.mark.parametrize("process", PROCESSES)
def test_orders_under_way_when_a_process_is_killed_end_exactly_once(
    process: str, stack: Stack, staff: Person, customer: Person
) -> None:
    account_id = open_account(customer, staff, f"{MONEY_CENTS // 100}.00")
    product_id = create_product(staff, price=f"{PRICE_CENTS / 100:.2f}", stock=STOCK)
    body = {
        "account_id": account_id,
        "lines": [{"product_id": product_id, "quantity": QUANTITY}],
    }

    accepted = [customer.accept("/orders", body) for _ in range(ORDERS)]
    stack.kill(process)
    assert stack.up() == [process]

    ended = [customer.outcome(operation["id"]) for operation in accepted]
    assert [operation["state"] for operation in ended] == ["succeeded"] * ORDERS
    orders = [operation["result"] for operation in ended]
    assert {order["status"] for order in orders} == {"confirmed"}
    _is_settled_once(customer, staff, orders, account_id, product_id)
    assert [customer.get(f"/operations/{operation['id']}") for operation in accepted] == ended


def _is_settled_once(
    customer: Person, staff: Person, orders: list[Resource], account_id: str, product_id: str
) -> None:
    sold = len(orders) * QUANTITY
    assert len({order["id"] for order in orders}) == len(orders)
    placed = customer.get("/orders?limit=100")["items"]
    assert sum(order["account_id"] == account_id for order in placed) == len(orders)

    stock = staff.get(f"/products/{product_id}")["stock"]
    assert stock == {"on_hand": STOCK - sold, "reserved": 0, "available": STOCK - sold}

    account = customer.get(f"/accounts/{account_id}")
    left = f"{(MONEY_CENTS - sold * PRICE_CENTS) / 100:.2f}"
    assert (account["balance"], account["held"]) == (left, "0.00")

    entries = customer.get(f"/accounts/{account_id}/entries?limit=100")["items"]
    paid = [entry["transaction_id"] for entry in entries if entry["amount"].startswith("-")]
    assert sorted(paid) == sorted(order["transaction_id"] for order in orders)

    balance = staff.get("/ledger/trial-balance")
    assert balance["balanced"], balance


def test_a_command_whose_answer_was_cut_off_can_be_repeated_and_happens_once(
    stack: Stack, staff: Person, customer: Person
) -> None:
    account_id = open_account(customer, staff, "10.00")
    key = {"Idempotency-Key": "pay-once"}
    body = {"type": "credit", "account_id": account_id, "amount": "1.00", "currency": "EUR"}

    first = staff.accept("/transactions", body, headers=key)
    stack.kill("gateway")
    stack.up()
    second = staff.accept("/transactions", body, headers=key)

    assert second["id"] == first["id"]
    assert staff.outcome(first["id"])["state"] == "succeeded"
    assert customer.get(f"/accounts/{account_id}")["balance"] == "11.00"


def test_what_was_accepted_before_a_stop_ends_after_the_next_start(
    stack: Stack, staff: Person, customer: Person
) -> None:
    account_id = open_account(customer, staff, "10.00")
    stack.kill("ledger")
    body = {"type": "credit", "account_id": account_id, "amount": "1.00", "currency": "EUR"}

    waiting = staff.accept("/transactions", body)
    stack.down()
    stack.up()

    assert staff.outcome(waiting["id"])["state"] == "succeeded"
    assert customer.get(f"/accounts/{account_id}")["balance"] == "11.00"
