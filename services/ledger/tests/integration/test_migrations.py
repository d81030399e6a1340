from services.ledger.tests.integration.conftest import MIGRATIONS

from ledger.adapters.tables import metadata
from testkit.migrations import assert_migrations_match, migrate


def test_the_migrations_make_the_tables_that_the_code_declares(sql_url: str) -> None:
    assert_migrations_match(sql_url, MIGRATIONS, metadata)


def test_migrating_twice_changes_nothing(sql_url: str) -> None:
    migrate(sql_url, MIGRATIONS)
    assert_migrations_match(sql_url, MIGRATIONS, metadata)
