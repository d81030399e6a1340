"""Ids made by the application."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7 as _uuid7

_FRONTDESK = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562): ids made later sort later, to the millisecond."""
    return _uuid7()


def derived_id(*parts: object) -> UUID:
    """The same UUIDv5 (RFC 9562) for the same parts, whoever asks and however often."""
    return uuid5(_FRONTDESK, "\x1f".join(str(part) for part in parts))
