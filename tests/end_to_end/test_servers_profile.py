"""The stack on Apache Kafka and databases, as `make up PROFILE=servers` starts it."""

import shutil
from collections.abc import Iterator

import pytest

from stack.embedded import Stack
from stack.errors import ServerMissing
from stack.ports import free_ports
from stack.processes import strays
from stack.profiles import ON_SERVERS, processes_of
from testkit.processes import temporary_folder
from tests.frontdesk import Frontdesk, create_product, open_account


@pytest.fixture
def on_servers() -> Iterator[Stack]:
    folder = temporary_folder("stack")
    stack = Stack(folder, free_ports(processes_of(ON_SERVERS)), profile=ON_SERVERS)
    try:
        stack.up()
        yield stack
        stack.down()
    except ServerMissing as missing:
        pytest.skip(f"needs {missing.server}, which can't be had: {missing.why}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_an_order_is_paid_on_servers_and_all_of_them_end(on_servers: Stack) -> None:
    secrets = on_servers.secrets
    frontdesk = Frontdesk(on_servers.url, secrets.admin_email, secrets.admin_password)
    staff, customer = frontdesk.admin(), frontdesk.customer()
    account_id = open_account(customer, staff, "50.00")
    product_id = create_product(staff, price="18.50", stock=10)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 2}]}

    order = customer.command("/orders", body)

    assert (order["status"], order["payment_status"]) == ("confirmed", "paid")
    assert customer.get(f"/accounts/{account_id}")["balance"] == "13.00"
    assert not list(on_servers.layout.root.rglob("*.db")), "nothing may be in a SQLite file"
    assert sorted(on_servers.down()) == sorted(processes_of(ON_SERVERS))
    assert strays(on_servers.layout) == []
