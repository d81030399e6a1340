from collections.abc import Iterator

import pytest

from stack.embedded import Stack
from stack.ports import free_ports
from tests.frontdesk import Frontdesk, Person


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An embedded stack of its own, on free ports and in a folder of its own."""
    running = Stack(tmp_path_factory.mktemp("stack"), free_ports())
    running.up()
    yield running
    running.down()


@pytest.fixture(scope="package")
def frontdesk(stack: Stack) -> Frontdesk:
    return Frontdesk(stack.url, stack.secrets.admin_email, stack.secrets.admin_password)


@pytest.fixture(scope="module")
def staff(frontdesk: Frontdesk) -> Person:
    """Somebody who may do everything."""
    return frontdesk.admin()


@pytest.fixture(scope="module")
def customer(frontdesk: Frontdesk) -> Person:
    """Somebody new, who opens an account and buys things."""
    return frontdesk.customer()
