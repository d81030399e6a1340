from aiokafka.partitioner import DefaultPartitioner
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.placing import partitions_of


@given(
    st.lists(st.binary(max_size=80) | st.binary(min_size=36, max_size=36), max_size=30),
    st.integers(1, 2**31 - 1),
)
@example([b"\xff" * size for size in range(41)], 2**31 - 1)
@example([b"\xff" * size + b"\x80" for size in range(250, 260)], 7)
@example([b"one"], 2**31 - 1)
@example([bytes([first]) * 36 for first in range(256)], 2**31 - 1)
def test_a_key_is_placed_where_other_clients_place_it(keys: list[bytes], count: int) -> None:
    expected = {key: DefaultPartitioner()(key, range(count), ()) for key in keys}
    assert partitions_of(keys, count) == expected
