from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from auth.domain.refusals import LastAdmin, StaleVersion

Role = Literal["customer", "staff", "admin"]

ROLE_OF_STRANGERS: Final = "anonymous"
"""What an access token says of a visitor who has no user."""


@dataclass(kw_only=True)
class User:
    """A person who can sign in. There is always another active administrator, or this one stays."""

    id: UUID
    email: str
    name: str
    password_hash: str = field(repr=False)
    created_at: datetime
    roles: frozenset[Role] = frozenset({"customer"})
    is_active: bool = True
    version: int = 1

    @property
    def is_active_admin(self) -> bool:
        return self.is_active and "admin" in self.roles

    def require_version(self, expected: int) -> None:
        if expected != self.version:
            raise StaleVersion(self.id, expected_version=expected, version=self.version)

    def rename(self, name: str) -> bool:
        """False: that is the name already."""
        if name == self.name:
            return False
        self.name = name
        self.version += 1
        return True

    def change(
        self,
        *,
        roles: Collection[Role] | None,
        is_active: bool | None,
        active_admins: Collection[UUID],
    ) -> bool:
        """What is None stays; False: nothing is different."""
        new_roles = self.roles if roles is None else frozenset(roles)
        new_standing = self.is_active if is_active is None else is_active
        if (new_roles, new_standing) == (self.roles, self.is_active):
            return False
        stays_admin = new_standing and "admin" in new_roles
        if self.is_active_admin and not stays_admin and set(active_admins) <= {self.id}:
            raise LastAdmin(self.id)
        self.roles, self.is_active = new_roles, new_standing
        self.version += 1
        return True
