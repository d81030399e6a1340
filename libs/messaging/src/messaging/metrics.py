"""What delivery counts. The names are listed here and nowhere else."""

from typing import Final

from prometheus_client import Counter, Gauge

CONSUMED: Final = Counter(
    "frontdesk_messages_consumed", "Messages by what became of them", ["consumer", "type", "result"]
)
PUBLISHED: Final = Counter("frontdesk_messages_published", "Messages put into the log", ["topic"])
RESENT: Final = Counter("frontdesk_outbox_resent", "Outbox rows published again after a lost log")
ASKED_AGAIN: Final = Counter("frontdesk_requests_asked_again", "Commands sent again")
UNSENT: Final = Gauge("frontdesk_outbox_unsent", "Is anything waiting in the outbox (0 or 1)")
JOBS: Final = Counter("frontdesk_jobs", "Durable inbox jobs by how a run ended", ["result"])
GAPS: Final = Counter("frontdesk_projection_gaps", "Owners asked because an event was missing")
RELAY_TROUBLE: Final = Gauge(
    "frontdesk_relay_trouble", "Can nothing be published now (0 or 1)? The log says why"
)
