"""What a run of messages leads to: each step for all of them before the next step.

Message by message, the code of the steps pushes itself out of the processor's cache; a step that is
done fifty times in a row takes a third less. What comes out is the same.
"""

from collections.abc import Sequence

from contracts.ids import new_id_text
from messaging.envelope import Outgoing, id_text
from messaging.inbox import fingerprint_of, outcome_of
from messaging.message_format import block_of_event, block_of_sender, message_record
from messaging.records import Received
from messaging.work import JsonText, PreparedEvent, Settlement


def fingerprints_of(items: Sequence[Received]) -> list[str]:
    """What is kept of each command, to know it again: see `messaging.inbox`."""
    return [fingerprint_of(item.envelope.type, item.record.value or b"") for item in items]


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


def answered(
    consumer: str,
    time: str,
    items: Sequence[Received],
    fingerprints: Sequence[str],
    results: Sequence[JsonText],
) -> list[Outgoing]:
    """The outcomes of commands that have succeeded with these results, for those who asked."""
    causes = [item.envelope for item in items]
    command_ids = [id_text(cause.id) for cause in causes]
    settlements = [Settlement(state="succeeded", result=result) for result in results]
    return [
        outcome_of(
            consumer,
            time,
            message_type=cause.type,
            command_id=command_id,
            fingerprint=fingerprint,
            settlement=settlement,
            effects=cause.effects,
            reply_to=reply_to,
        )
        for cause, command_id, fingerprint, settlement in zip(
            causes, command_ids, fingerprints, settlements, strict=True
        )
        if (reply_to := cause.reply_to) is not None
    ]
