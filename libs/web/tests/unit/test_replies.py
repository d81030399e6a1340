from contracts.topics import CATALOG_OUTCOMES
from web.replies import Replies


def test_replies_are_wanted_in_a_partition_that_the_instance_holds_now() -> None:
    held: list[int] = []
    replies = Replies(CATALOG_OUTCOMES)
    assert replies.partition() is None

    replies.are_heard_in(lambda topic: held if topic == CATALOG_OUTCOMES else [7])
    assert replies.partition() is None
    held += [3, 5]
    assert replies.partition() == 3
    del held[0]
    assert replies.partition() == 5
