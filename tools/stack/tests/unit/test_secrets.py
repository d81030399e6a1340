import stat
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.layout import Layout
from stack.secrets import read_or_make_secrets, secrets_file


def test_secrets_are_made_once_and_readable_by_their_owner_alone(layout: Layout) -> None:
    made = read_or_make_secrets(layout)

    assert read_or_make_secrets(layout) == made
    assert stat.S_IMODE(secrets_file(layout).stat().st_mode) == 0o600
    assert len(made.internal_key) >= 32
    assert len(made.admin_password) >= 16


def test_two_deployments_share_no_secret(layout: Layout, tmp_path: Path) -> None:
    other = Layout.at(tmp_path / "other")
    other.create()

    assert read_or_make_secrets(layout).internal_key != read_or_make_secrets(other).internal_key


@pytest.mark.parametrize("content", ["", "[]", '{"internal_key": "k"}'])
def test_a_broken_secrets_file_is_never_replaced(layout: Layout, content: str) -> None:
    secrets_file(layout).write_text(content)

    with pytest.raises(StackError, match="can't be read"):
        read_or_make_secrets(layout)
    assert secrets_file(layout).read_text() == content
