from services.gateway.tests.integration.conftest import MIGRATIONS

from gateway.adapters.tables import metadata
from testkit.migrations import assert_migrations_match


def test_the_migrations_make_the_declared_tables(sql_url: str) -> None:
    assert_migrations_match(sql_url, MIGRATIONS, metadata)
