import pytest
from pydantic import ValidationError

from auth.settings import AuthSettings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "AUTH_DATABASE_URL": "sqlite+aiosqlite:///auth.db",
        "AUTH_KEY_FILE": "signing-key.json",
        "INTERNAL_KEY": "0123456789abcdef",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AUTH_ADMIN_EMAIL", "AUTH_ADMIN_PASSWORD", "AUTH_HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_deployment_without_a_first_admin_starts() -> None:
    assert AuthSettings().admin_email is None
    assert AuthSettings().http_port == 8001


def test_an_empty_variable_is_no_setting(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AUTH_ADMIN_EMAIL", "")
    environment.setenv("AUTH_ADMIN_PASSWORD", "")
    assert AuthSettings().admin_password is None


def test_the_first_admin_has_a_password_or_does_not_exist(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("AUTH_ADMIN_EMAIL", "admin@shop.example")
    with pytest.raises(ValidationError, match="go together"):
        AuthSettings()


def test_the_admins_password_is_as_long_as_anybodys_and_never_shown(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("AUTH_ADMIN_EMAIL", "Admin@Shop.example")
    environment.setenv("AUTH_ADMIN_PASSWORD", "ninechars")
    with pytest.raises(ValidationError):
        AuthSettings()
    environment.setenv("AUTH_ADMIN_PASSWORD", "tencharact")
    settings = AuthSettings()
    assert settings.admin_email == "admin@shop.example"
    assert "tencharact" not in repr(settings)
