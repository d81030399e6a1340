from decimal import Decimal

from stack.demo.expectations import expect
from stack.demo.scene import Scene

CURRENCY = "EUR"
TOP_UP = Decimal("50.00")
PRICE = Decimal("18.50")
STOCK = 10
QUANTITY = 2
TOTAL = PRICE * QUANTITY


def staff_creates_a_product(scene: Scene) -> None:
    scene.product = scene.staff.command(
        "/products",
        {
            "sku": "CAP-NAVY",
            "name": "Club cap, navy",
            "price": str(PRICE),
            "currency": CURRENCY,
            "stock": STOCK,
        },
    )
    _require_available(scene, STOCK)
    scene.tell(f"{scene.product['name']} at {PRICE} {CURRENCY}, {STOCK} in stock")


def customer_opens_an_account(scene: Scene) -> None:
    scene.account = scene.customer.command("/accounts", {"currency": CURRENCY})
    _require_balance(scene, Decimal(0))
    scene.tell(f"account {scene.account['id']} holds 0.00 {CURRENCY}")


def staff_tops_the_account_up(scene: Scene) -> None:
    credited = scene.staff.command(
        "/transactions",
        {
            "type": "credit",
            "account_id": scene.account["id"],
            "amount": str(TOP_UP),
            "currency": CURRENCY,
            "description": "Cash at the desk",
        },
    )
    expect(credited["status"] == "completed", f"the top-up is {credited['status']}.")
    _require_balance(scene, TOP_UP)
    scene.tell(f"{credited['reference_id']}: {credited['amount']} {CURRENCY} paid in")


def customer_buys_the_product(scene: Scene) -> None:
    lines = [{"product_id": scene.product["id"], "quantity": QUANTITY}]
    scene.order = scene.customer.command(
        "/orders", {"account_id": scene.account["id"], "lines": lines}
    )
    status, total = scene.order["status"], Decimal(scene.order["total"])
    expect(status == "confirmed", f"the order is {status}.")
    expect(total == TOTAL, f"the order's total is {total} instead of {TOTAL}.")
    bought = f"{QUANTITY} × {scene.product['name']} at {PRICE} {CURRENCY}"  # noqa: RUF001
    scene.tell(f"{bought}: {total} {CURRENCY}, {status}")


def payment_is_posted_and_stock_is_lower(scene: Scene) -> None:
    payment = scene.customer.get(f"/transactions/{scene.order['transaction_id']}")
    expect(payment["status"] == "completed", f"the payment is {payment['status']}.")
    expect(Decimal(payment["amount"]) == TOTAL, f"the payment is {payment['amount']}.")
    scene.tell(f"{payment['reference_id']}: {payment['amount']} {CURRENCY} paid for the order")
    _require_balance(scene, TOP_UP - TOTAL)
    scene.tell(f"the account holds {TOP_UP - TOTAL} {CURRENCY}")
    _require_available(scene, STOCK - QUANTITY)
    scene.tell(f"stock: {STOCK} before, {STOCK - QUANTITY} now")


def trial_balance_is_zero(scene: Scene) -> None:
    books = scene.staff.get("/ledger/trial-balance")
    expect(books["balanced"] is True, f"the books don't balance: {books}.")
    for line in books["currencies"]:
        expect(Decimal(line["difference"]) == 0, f"{line['currency']} is off: {line}.")
        scene.tell(f"{line['currency']}: debits {line['debits']}, credits {line['credits']}")
    expect(bool(books["currencies"]), "the trial balance names no currency.")


def _require_available(scene: Scene, available: int) -> None:
    stock = scene.customer.get(f"/products/{scene.product['id']}")["stock"]
    expect(stock["available"] == available, f"stock is {stock} instead of {available} available.")


def _require_balance(scene: Scene, amount: Decimal) -> None:
    account = scene.customer.get(f"/accounts/{scene.account['id']}")
    expect(
        Decimal(account["available"]) == amount,
        f"the account has {account['available']} available instead of {amount}.",
    )
