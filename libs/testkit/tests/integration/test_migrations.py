from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, String, Table

from testkit.migrations import assert_migrations_match

ENV = """
from sqlalchemy import MetaData
from storage.migrations import run_in_alembic
run_in_alembic(MetaData())
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None

def upgrade():
    op.create_table(
        "things",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(10), nullable=False),
        sa.CheckConstraint("id > 0", name="things_id_positive"),
    )
    op.create_index("things_name", "things", ["name"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "versions" / "0001_things.py").write_text(FIRST)
    return tmp_path


def declared(change: Callable[[Table], object] = lambda table: table) -> MetaData:
    metadata = MetaData()
    table = Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(10), nullable=False),
        CheckConstraint("id > 0", name="things_id_positive"),
        Index("things_name", "name"),
    )
    change(table)
    return metadata


def test_tables_that_are_as_declared_pass(sql_url: str, folder: Path) -> None:
    assert_migrations_match(sql_url, folder, declared())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.append_column(Column("colour", String(10))), "colour"),
        (lambda t: Table("more", t.metadata, Column("id", Integer)), "more"),
        (lambda t: Index("things_both", t.c.id, t.c.name), "things_both"),
        (lambda t: setattr(t.c.name, "type", String(20)), "modify_type"),
        (lambda t: setattr(t.c.name, "nullable", True), "modify_nullable"),
        (lambda t: t.append_constraint(CheckConstraint("id < 9", name="small")), "small"),
    ],
)
def test_every_difference_is_named(
    sql_url: str, folder: Path, change: Callable[[Table], object], named: str
) -> None:
    with pytest.raises(AssertionError, match=named):
        assert_migrations_match(sql_url, folder, declared(change))
