import pytest

from gateway.entrypoints.http.submission import preferred_wait_s


@pytest.mark.parametrize(
    ("preferences", "seconds"),
    [
        ("wait=5", 5),
        ("WAIT=5", 5),
        ("wait = 5", 5),
        ('wait="5"', 5),
        ("respond-async, wait=10", 10),
        ("respond-async;wait=10", 10),
        ("wait=10, handling=lenient", 10),
        ("wait=0", 0),
        ("wait=30", 30),
        ("wait=31", 30),
        ("wait=999999999", 30),
        ("", None),
        ("wait", None),
        ("wait=", None),
        ("wait=-1", None),
        ("wait=5.5", None),
        ("wait=five", None),
        ("wait=5s", None),
        ("await=5", None),
        ("respond-async", None),
    ],
)
def test_a_client_says_how_long_it_would_like_to_wait(
    preferences: str, seconds: int | None
) -> None:
    assert preferred_wait_s(preferences) == seconds
