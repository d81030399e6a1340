import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.errors import StackError
from stack.files import write_atomically
from stack.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What the deployment alone knows: the key between services and the first admin's sign-in."""

    internal_key: str
    admin_email: str
    admin_password: str


def secrets_file(layout: Layout) -> Path:
    return layout.run / "secrets.json"


def read_or_make_secrets(layout: Layout) -> Secrets:
    """Made once, at the first start; the file is readable by its owner alone."""
    path = secrets_file(layout)
    if path.exists():
        return _read(path)
    made = Secrets(
        internal_key=secrets.token_urlsafe(32),
        admin_email="admin@frontdesk.example",
        admin_password=secrets.token_urlsafe(18),
    )
    write_atomically(path, json.dumps(asdict(made), indent=2), mode=0o600)
    return made


def _read(path: Path) -> Secrets:
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise StackError(
            f"{path} can't be read ({error}). Restore it from a backup: the services' stores were "
            "made with the secrets in it."
        ) from error
