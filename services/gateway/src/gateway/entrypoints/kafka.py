from typing import Final

from contracts.gateway import Outcome
from contracts.topics import GATEWAY_OUTCOMES
from gateway.application.record_outcome import RecordOutcome
from messaging.work import Handlers

TOPICS: Final = (GATEWAY_OUTCOMES,)


def handlers(record_outcome: RecordOutcome) -> Handlers:
    return {Outcome: record_outcome}
