"""The same services on PostgreSQL: nothing but their URLs differs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from stack.embedded import Stack
from stack.layout import Layout
from stack.ports import SERVICES, free_ports
from stack.topology import Topology, embedded_topology
from testkit.postgres import PostgresServer
from tests.frontdesk import Frontdesk, create_product, open_account


@pytest.fixture
def databases(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    """A new database for each service, by the name of its setting."""
    urls = {f"{name.upper()}_DATABASE_URL": postgres_server.create_database() for name in SERVICES}
    yield urls
    for url in urls.values():
        postgres_server.drop_database(url)


@pytest.fixture
def on_postgres(databases: dict[str, str], tmp_path: Path) -> Iterator[Frontdesk]:
    def build(layout: Layout, ports: Mapping[str, int]) -> Topology:
        embedded = embedded_topology(layout, ports)
        services = tuple(
            replace(
                spec,
                environment={
                    name: databases.get(name, value) for name, value in spec.environment.items()
                },
            )
            for spec in embedded.services
        )
        return replace(embedded, services=services)

    stack = Stack(tmp_path, free_ports(), build=build)
    stack.up()
    yield Frontdesk(stack.url, stack.secrets.admin_email, stack.secrets.admin_password)
    stack.down()


def test_an_order_is_paid_on_postgresql(on_postgres: Frontdesk, tmp_path: Path) -> None:
    staff, customer = on_postgres.admin(), on_postgres.customer()
    account_id = open_account(customer, staff, "50.00")
    product_id = create_product(staff, price="18.50", stock=10)
    body = {"account_id": account_id, "lines": [{"product_id": product_id, "quantity": 2}]}

    order = customer.command("/orders", body)

    assert (order["status"], order["payment_status"]) == ("confirmed", "paid")
    assert customer.get(f"/accounts/{account_id}")["balance"] == "13.00"
    assert staff.get("/ledger/trial-balance")["balanced"]
    handbook = {"file": ("club.md", b"# Hours\n\nThe boathouse opens at seven.")}
    document = staff.command("/documents", files=handbook)
    assert document["status"] == "processed"
    assert not list(tmp_path.rglob("*.db")), "nothing may be left in a SQLite file"
