"""What a run of messages leads to: each step for all of them before the next step.

Message by message, the code of the steps pushes itself out of the processor's cache; a step that is
done fifty times in a row takes a third less. What comes out is the same.
"""

from collections.abc import Sequence

from contracts.ids import new_id_text
from messaging.envelope import Outgoing
from messaging.inbox import InboxEntry
from messaging.message_format import block_of_event, block_of_sender, message_record
from messaging.records import Received
from messaging.work import JsonText, PreparedEvent, Settlement


def entries_of(
    consumer: str, items: Sequence[Received], results: Sequence[JsonText]
) -> list[InboxEntry]:
    """The inbox entries of commands that have succeeded with these results."""
    settlements = [Settlement(state="succeeded", result=result) for result in results]
    return [
        InboxEntry.received(consumer, item.envelope, item.record.value or b"", settlement)
        for item, settlement in zip(items, settlements, strict=True)
    ]


def announced(
    source: str, time: str, items: Sequence[Received], events: Sequence[PreparedEvent]
) -> list[Outgoing]:
    """The first event of a new aggregate for each of these messages, which have led to it."""
    of_sender = block_of_sender(source, time)
    causes = [item.envelope for item in items]
    of_effects = [cause.effects for cause in causes]
    own = [block_of_event(1, cause.actor) for cause in causes]
    values = [event.text.encode() for event in events]
    ids = [new_id_text() for _ in events]
    return [
        Outgoing.encoded(
            event.topic.name,
            message_record(
                key=event.aggregate_id,
                value=value,
                id=id,
                type=event.type,
                of_sender=of_sender,
                of_effects=effects,
                own=rest,
            ),
        )
        for event, value, id, effects, rest in zip(
            events, values, ids, of_effects, own, strict=True
        )
    ]


def answered(time: str, entries: Sequence[InboxEntry]) -> list[Outgoing]:
    """The outcomes on their way to those who asked."""
    outcomes = [entry.outcome(time) for entry in entries]
    return [outcome for outcome in outcomes if outcome is not None]
