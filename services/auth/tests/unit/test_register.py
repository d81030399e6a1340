import pytest
from services.auth.tests.fakes import FakePasswords, FakeStore, a_user

from auth.application.register import Register
from auth.domain.refusals import EmailTaken
from contracts.auth import RegistrationRequest, UserRegistered

REQUEST = RegistrationRequest(
    email="Ada@Shop.Example", password=" analytical engine ", name=" Ada "
)


async def test_whoever_registers_becomes_a_customer_and_is_announced() -> None:
    store = FakeStore()
    view = await Register(begin=store.begin, passwords=FakePasswords())(REQUEST)
    assert (view.email, view.name, view.roles) == ("ada@shop.example", "Ada", ["customer"])
    assert store.events == [UserRegistered(user_id=view.id, name="Ada")]


async def test_a_password_is_kept_as_a_hash_of_all_of_it_spaces_included() -> None:
    store = FakeStore()
    view = await Register(begin=store.begin, passwords=FakePasswords())(REQUEST)
    assert store.users[view.id].password_hash == "hash of  analytical engine "


async def test_a_known_e_mail_address_is_refused_and_nothing_is_announced() -> None:
    store = FakeStore(a_user(email="ada@shop.example"))
    with pytest.raises(EmailTaken):
        await Register(begin=store.begin, passwords=FakePasswords())(REQUEST)
    assert (len(store.users), store.events) == (1, [])
