from collections.abc import Callable, Mapping

from stack.demo.conversation import (
    assistant_admits_what_it_does_not_know,
    assistant_answers_from_the_handbook,
    assistant_answers_from_the_shop_page,
    customer_opens_a_conversation,
    customer_takes_the_offer_of_a_person,
)
from stack.demo.documents import staff_uploads_the_handbook, staff_uploads_the_shop_page
from stack.demo.people import (
    admin_signs_in,
    customer_registers_and_signs_in,
    staff_registers_and_gets_the_role,
)
from stack.demo.scene import Scene
from stack.demo.shop import (
    customer_buys_the_product,
    customer_opens_an_account,
    payment_is_posted_and_stock_is_lower,
    staff_creates_a_product,
    staff_tops_the_account_up,
    trial_balance_is_zero,
)

Step = Callable[[Scene], None]

# By a short name each, for the line of seconds at the end.
STORY: Mapping[str, Step] = {
    "admin": admin_signs_in,
    "staff": staff_registers_and_gets_the_role,
    "pdf": staff_uploads_the_handbook,
    "page": staff_uploads_the_shop_page,
    "cap": staff_creates_a_product,
    "kim": customer_registers_and_signs_in,
    "chat": customer_opens_a_conversation,
    "ask1": assistant_answers_from_the_handbook,
    "ask2": assistant_answers_from_the_shop_page,
    "ask3": assistant_admits_what_it_does_not_know,
    "handoff": customer_takes_the_offer_of_a_person,
    "account": customer_opens_an_account,
    "top-up": staff_tops_the_account_up,
    "order": customer_buys_the_product,
    "paid": payment_is_posted_and_stock_is_lower,
    "books": trial_balance_is_zero,
}


def title(step: Step) -> str:
    """A step's name is its title: `admin_signs_in` is told as "Admin signs in"."""
    return step.__name__.replace("_", " ").capitalize()
