import pytest

from chat.domain.days import days_named


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on Tuesdays and THURSDAYS", {1, 3}),
        ("Monday to Friday", {0, 1, 2, 3, 4}),
        ("Saturday-Monday", {5, 6, 0}),
        ("on weekdays", {0, 1, 2, 3, 4}),
        ("at the weekend and on Wednesday", {5, 6, 2}),
        ("every morning except Sunday", set(range(7))),
        ("in the sun, on mondayish days", set()),
        ("", set()),
    ],
)
def test_a_text_names_days_by_name_by_range_and_by_group(text: str, days: set[int]) -> None:
    assert days_named(text) == days
