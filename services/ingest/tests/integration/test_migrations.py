from services.ingest.tests.integration.bench import MIGRATIONS

from ingest.adapters.tables import metadata
from testkit.migrations import assert_migrations_match


def test_the_migrations_make_the_tables_that_the_code_declares(sql_url: str) -> None:
    assert_migrations_match(sql_url, MIGRATIONS, metadata)
