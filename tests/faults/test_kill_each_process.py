"""Each process is killed once in the middle of orders; whatever was accepted still ends, once."""

from datetime import UTC, datetime

import pytest

from stack.embedded import Stack
from tests.frontdesk import Person, Resource, create_product, open_account

ORDERS = 6
QUANTITY = 2
PRICE_CENTS = 1_850
STOCK = 100
MONEY_CENTS = 50_000

ON_THE_WAY = ("gateway", "ledger", "catalog", "broker")
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
    killed_at = datetime.now(UTC)
    stack.kill(process)
    assert stack.up() == [process]

    ended = [customer.outcome(operation["id"]) for operation in accepted]
    if process in ON_THE_WAY:
        last = max(datetime.fromisoformat(operation["finished_at"]) for operation in ended)
        assert last > killed_at, "no order was under way when the process was killed"
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


def test_a_document_whose_reader_is_killed_is_read_in_the_end(stack: Stack, staff: Person) -> None:
    text = "".join(
        f"## Rule {n}\n\nBoat number {n} goes out at {n} o'clock.\n\n" for n in range(900)
    )
    upload = {"file": ("rules.md", text.encode())}

    waiting = staff.accept("/documents", files=upload)
    stack.kill("ingest")
    stack.up()

    ended = staff.outcome(waiting["id"])
    assert ended["state"] == "succeeded", ended
    assert ended["result"]["status"] == "processed"


def test_a_question_whose_answerer_is_killed_is_answered_once(
    stack: Stack, customer: Person
) -> None:
    conversation = customer.command("/chat/conversations", {})
    path = f"/chat/conversations/{conversation['id']}/messages"

    waiting = customer.accept(path, {"content": "When does boat number 7 go out?"})
    stack.kill("chat")
    stack.up()

    assert customer.outcome(waiting["id"])["state"] == "succeeded"
    roles = [message["role"] for message in customer.get(path)["items"]]
    assert sorted(roles) == ["assistant", "customer"]
