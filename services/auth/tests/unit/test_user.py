import pytest
from services.auth.tests.fakes import a_user

from auth.domain.refusals import LastAdmin, StaleVersion
from auth.domain.user import Role
from contracts.ids import new_id


@pytest.mark.parametrize(
    ("roles", "is_active"), [(["customer"], None), (None, False), (["staff", "admin"], False)]
)
def test_the_last_active_admin_stays_one(roles: list[Role] | None, is_active: bool | None) -> None:
    admin = a_user(roles=frozenset({"admin"}))
    with pytest.raises(LastAdmin):
        admin.change(roles=roles, is_active=is_active, active_admins={admin.id})
    assert (admin.is_active_admin, admin.version) == (True, 1)


def test_an_admin_may_go_when_another_stays() -> None:
    admin = a_user(roles=frozenset({"admin"}))
    assert admin.change(roles=["staff"], is_active=None, active_admins={admin.id, new_id()})
    assert (sorted(admin.roles), admin.version) == (["staff"], 2)


def test_the_last_admin_may_take_another_role_beside() -> None:
    admin = a_user(roles=frozenset({"admin"}))
    assert admin.change(roles=["admin", "staff"], is_active=None, active_admins={admin.id})


def test_a_deactivated_admin_does_not_count_and_so_may_lose_the_role() -> None:
    admin = a_user(roles=frozenset({"admin"}), is_active=False)
    assert admin.change(roles=["customer"], is_active=None, active_admins={new_id()})


def test_what_is_not_named_stays() -> None:
    user = a_user(roles=frozenset({"staff"}))
    user.change(roles=None, is_active=False, active_admins=())
    assert (sorted(user.roles), user.is_active) == (["staff"], False)


def test_a_change_to_what_is_already_so_makes_no_version() -> None:
    user = a_user()
    assert not user.change(roles=["customer"], is_active=True, active_admins=())
    assert not user.rename("Ada")
    assert user.version == 1


def test_a_stale_version_is_refused_with_both_versions() -> None:
    user = a_user(version=3)
    with pytest.raises(StaleVersion) as refused:
        user.require_version(2)
    assert (refused.value.expected_version, refused.value.version) == (2, 3)


def test_a_user_in_a_log_shows_no_password_hash() -> None:
    assert "hash of" not in repr(a_user())
