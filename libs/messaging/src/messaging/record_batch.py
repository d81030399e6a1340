"""Record batches of Kafka, version 2, put together from records that are encoded already.

Source: https://kafka.apache.org/documentation/#recordbatch
"""

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct
from typing import Final

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

from messaging.record_format import varint

_HEADER: Final = Struct(">qiibIhiqqqhii")
_BEFORE_LENGTH: Final = 12
_CRC: Final = Struct(">I")
_CRC_AT: Final = 17
_CHECKED_FROM: Final = 21
_PRODUCER: Final = Struct(">qhi")
_PRODUCER_AT: Final = 43


class RecordBatch(BatchBuilder):  # type: ignore[misc]
    """A full batch, as aiokafka's sender expects one. All its records are of `time_ms`."""

    def __init__(self, records: bytes, count: int, *, time_ms: int) -> None:
        super().__init__(0, 0)
        self.close()
        self._relative_offset = count
        size = _HEADER.size + len(records)
        no_producer = (-1, -1, 0)
        self._buffer = bytearray(
            _HEADER.pack(
                *(0, size - _BEFORE_LENGTH, -1, 2, 0, 0, count - 1),
                *(time_ms, time_ms, *no_producer, count),
            )
        )
        self._buffer += records

    def _set_producer_state(self, producer_id: int, epoch: int, base_sequence: int) -> None:
        _PRODUCER.pack_into(self._buffer, _PRODUCER_AT, producer_id, epoch, base_sequence)

    def _build(self) -> bytearray:
        """The sender calls it again when it tries again, and then it has to be the same."""
        with memoryview(self._buffer) as content:
            checksum = calc_crc32c(content[_CHECKED_FROM:])
        _CRC.pack_into(self._buffer, _CRC_AT, checksum)
        return self._buffer


def in_batches(records: Iterable[bytes], *, size_bytes: int, time_ms: int) -> list[RecordBatch]:
    """The records in as few batches as their order allows; a larger one has a batch of its own."""
    batches: list[RecordBatch] = []
    parts: list[bytes] = []
    count, size = 0, _HEADER.size
    for record in records:
        start = _start(count)
        length = len(start) + len(record)
        if count and size + len(varint(length)) + length > size_bytes:
            batches.append(RecordBatch(b"".join(parts), count, time_ms=time_ms))
            parts, count, size = [], 0, _HEADER.size
            start = _start(0)
            length = len(start) + len(record)
        head = varint(length)
        parts += (head, start, record)
        count += 1
        size += len(head) + length
    if count:
        batches.append(RecordBatch(b"".join(parts), count, time_ms=time_ms))
    return batches


@lru_cache(maxsize=10_000)
def _start(offset: int) -> bytes:
    """No attributes, no time since the batch's own, and the record's place in the batch."""
    return b"\0\0" + varint(offset)
