from aiokafka.partitioner import DefaultPartitioner, murmur2
from hypothesis import example, given
from hypothesis import strategies as st

from messaging import placing
from messaging.placing import partition_of


@given(st.binary(max_size=200))
@example(b"\xff" * 36)
def test_a_key_has_the_hash_that_other_clients_give_it(key: bytes) -> None:
    assert placing.murmur2(key) == murmur2(key)


@given(st.binary(max_size=50), st.integers(1, 40))
def test_a_key_is_placed_where_other_clients_place_it(key: bytes, count: int) -> None:
    places = list(range(count))
    assert partition_of(key, count) == DefaultPartitioner()(key, places, places)
