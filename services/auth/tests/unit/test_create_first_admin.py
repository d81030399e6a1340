from services.auth.tests.fakes import FakePasswords, FakeReads, FakeStore, a_user

from auth.application.create_first_admin import CreateFirstAdmin
from auth.domain.user import User
from contracts.auth import UserChanged, UserRegistered

EMAIL, PASSWORD = "admin@shop.example", "correct horse battery"


class LateReads(FakeReads):
    """Another instance has added the user since."""

    async def user_of_email(self, email: str) -> User | None:
        return None


def creating(store: FakeStore, reads: FakeReads | None = None) -> CreateFirstAdmin:
    return CreateFirstAdmin(
        begin=store.begin, reads=reads or FakeReads(store), passwords=FakePasswords()
    )


async def test_the_first_admin_is_created_once_and_announced_as_one() -> None:
    store = FakeStore()
    assert await creating(store)(email=EMAIL, password=PASSWORD)
    assert not await creating(store)(email=EMAIL, password=PASSWORD)
    [admin] = store.users.values()
    assert admin.email == EMAIL
    assert admin.is_active_admin
    registered, changed = store.events
    assert isinstance(registered, UserRegistered)
    assert isinstance(changed, UserChanged)
    assert changed.roles == ["admin"]


async def test_somebody_with_that_address_stays_what_they_are() -> None:
    store = FakeStore(a_user(email=EMAIL))
    assert not await creating(store)(email=EMAIL, password=PASSWORD)
    assert [user.roles for user in store.users.values()] == [{"customer"}]


async def test_of_two_instances_that_start_at_once_the_slower_one_does_nothing() -> None:
    store = FakeStore(a_user(email=EMAIL))
    assert not await creating(store, LateReads(store))(email=EMAIL, password=PASSWORD)
    assert (len(store.users), store.events) == (1, [])
