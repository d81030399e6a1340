from concurrent.futures import ThreadPoolExecutor

from tests.frontdesk import Frontdesk, Person, create_product, open_account


def test_an_order_is_paid_and_takes_its_goods(staff: Person, customer: Person) -> None:
    account_id = open_account(customer, staff, "50.00")
    product_id = create_product(staff, price="18.50", stock=10)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 2}]}

    response = customer.send("POST", "/orders", body, headers={"Prefer": "wait=30"})

    assert response.status_code == 201, response.text
    assert response.headers["Preference-Applied"] == "wait=30"
    order = response.json()
    assert (order["status"], order["payment_status"], order["total"]) == (
        "confirmed",
        "paid",
        "37.00",
    )
    assert staff.get(f"/products/{product_id}")["stock"]["on_hand"] == 8
    assert customer.get(f"/accounts/{account_id}")["available"] == "13.00"
    paid = customer.get(f"/transactions/{order['transaction_id']}")
    assert (paid["status"], paid["amount"]) == ("completed", "37.00")


def test_an_order_beyond_the_balance_is_refused_with_the_figures_and_frees_the_goods(
    staff: Person, customer: Person
) -> None:
    account_id = open_account(customer, staff, "10.00")
    product_id = create_product(staff, price="18.50", stock=3)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 1}]}

    response = customer.send("POST", "/orders", body, headers={"Prefer": "wait=30"})

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "/problems/insufficient-funds"
    assert (problem["requested"], problem["available"]) == ("18.50", "10.00")
    assert staff.get(f"/products/{product_id}")["stock"]["available"] == 3
    assert customer.get(f"/accounts/{account_id}")["held"] == "0.00"


def test_the_last_piece_is_sold_once_however_many_want_it(staff: Person, customer: Person) -> None:
    account_id = open_account(customer, staff, "100.00")
    product_id = create_product(staff, price="5.00", stock=1)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 1}]}

    with ThreadPoolExecutor(8) as pool:
        operations = list(pool.map(lambda _: customer.accept("/orders", body), range(8)))
    ended = [customer.outcome(operation["id"]) for operation in operations]

    assert sorted(operation["state"] for operation in ended) == ["refused"] * 7 + ["succeeded"]
    assert customer.get(f"/accounts/{account_id}")["balance"] == "95.00"


def test_nobody_pays_from_an_account_of_somebody_else(
    staff: Person, customer: Person, frontdesk: Frontdesk
) -> None:
    thief = frontdesk.customer("Ben")
    account_id = open_account(customer, staff, "50.00")
    product_id = create_product(staff, price="5.00", stock=5)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 1}]}

    response = thief.send("POST", "/orders", body, headers={"Prefer": "wait=30"})

    assert response.status_code == 404
    assert customer.get(f"/accounts/{account_id}")["balance"] == "50.00"
    assert thief.send("GET", f"/accounts/{account_id}").status_code == 404
