import time

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import encode_varint
from hypothesis import given
from hypothesis import strategies as st

from messaging.record_batch import RecordBatch, in_batches
from messaging.record_format import Header, contents_of, key_of, record_of, varint

texts = st.text(max_size=100)
contents = st.none() | st.binary(max_size=200)
records = st.tuples(contents, contents, st.lists(st.tuples(texts, contents), max_size=4))
NOW_MS = 1_760_000_000_000


def built(records: list[tuple[bytes | None, bytes | None, list[Header]]], limit: int) -> bytes:
    """What aiokafka's own builder makes of them."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, 77, 3, 11, limit)
    for offset, (key, value, headers) in enumerate(records):
        builder.append(offset, NOW_MS, key, value, headers)
    return bytes(builder.build())


def sent(batch: RecordBatch) -> bytes:
    """What the sender makes of a batch, having tried twice."""
    batch._set_producer_state(77, 3, 11)
    assert bytes(batch._build()) == bytes(batch._build())
    return bytes(batch._build())


@given(st.integers(0, 2**31 - 1))
def test_a_length_is_written_as_kafka_writes_it(number: int) -> None:
    written = bytearray()
    encode_varint(number, written.append)
    assert varint(number) == written


@pytest.mark.parametrize("number", [0, 63, 64, 8_191, 8_192, 2**20 - 1, 2**20])
def test_a_length_at_the_edge_of_its_bytes_is_written_as_kafka_writes_it(number: int) -> None:
    written = bytearray()
    encode_varint(number, written.append)
    assert varint(number) == written


@given(contents | st.binary(min_size=60, max_size=70), contents, records)
def test_what_a_record_was_made_of_can_be_read_back(
    key: bytes | None, value: bytes | None, other: tuple[object, object, list[Header]]
) -> None:
    record = record_of(key, value, other[2])
    assert contents_of(record) == (key, value, other[2])
    assert key_of(record) == key


@given(st.lists(records, min_size=1, max_size=5))
def test_a_batch_is_byte_for_byte_the_one_that_aiokafka_builds(
    given_records: list[tuple[bytes | None, bytes | None, list[Header]]],
) -> None:
    [batch] = in_batches(
        [record_of(*each) for each in given_records], size_bytes=2**20, time_ms=NOW_MS
    )
    assert sent(batch) == built(given_records, 2**20)
    assert (batch.record_count(), batch.closed()) == (len(given_records), True)


def test_a_batch_of_many_records_is_byte_for_byte_the_one_that_aiokafka_builds() -> None:
    many: list[tuple[bytes | None, bytes | None, list[Header]]] = [
        (b"key", b"%d" % number, [("name", b"x")]) for number in range(10_000)
    ]
    [batch] = in_batches([record_of(*each) for each in many], size_bytes=2**20, time_ms=NOW_MS)
    assert sent(batch) == built(many, 2**20)
    assert DefaultRecordBatch(sent(batch)).validate_crc()


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60), st.integers(100, 600))
def test_batches_are_as_full_as_they_may_be_and_a_large_record_is_alone(
    sizes: list[int], limit: int
) -> None:
    some = [record_of(b"k", b"x" * size, []) for size in sizes]
    batches = in_batches(some, size_bytes=limit, time_ms=NOW_MS)
    counts = [batch.record_count() for batch in batches]
    assert sum(counts) == len(some)
    for number, batch in enumerate(batches):
        assert len(sent(batch)) <= limit or batch.record_count() == 1
        start = sum(counts[:number])
        with_the_next = some[start : start + counts[number] + 1]
        if len(with_the_next) > counts[number]:
            [larger] = in_batches(with_the_next, size_bytes=2**20, time_ms=NOW_MS)
            assert len(sent(larger)) > limit


def test_a_batch_takes_no_message_from_anybody_else() -> None:
    [batch] = in_batches([record_of(b"k", b"v", [])], size_bytes=100, time_ms=NOW_MS)
    assert batch.append(timestamp=int(time.time()), key=b"k", value=b"v") is None
    assert batch.size() == len(sent(batch))
