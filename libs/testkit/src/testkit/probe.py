"""What a broker can prove, found out by trying: so that a test runs only where it can mean it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Final

import pytest
from aiokafka.errors import KafkaError

from testkit import probe_checks
from testkit.probe_checks import Site

log = logging.getLogger(__name__)

LIMIT_S: Final = 30.0
"""A broker that needs longer to show a power doesn't have it."""


@dataclass(frozen=True, kw_only=True)
class BrokerPowers:
    """What `broker`, a name for people, was seen to do; False: it was not seen."""

    broker: str
    groups: bool
    """Members share a topic's partitions, and a successor goes on at the committed offset."""
    evicts_dead_members: bool
    """The partitions of a member that was killed go to the others after its session timeout."""
    idempotence: bool
    """A batch that a producer sends twice is in the log once."""
    read_committed: bool
    """Records of open and aborted transactions are kept from those who ask for it."""
    keeps_acknowledged_records: bool
    """What was acknowledged is still there after kill -9."""
    long_polls: bool
    """An empty fetch is answered after the time it names, not at once."""


async def probe(
    bootstrap_servers: str,
    *,
    name: str | None = None,
    restart: Callable[[], None] | None = None,
) -> BrokerPowers:
    """Try each power, in topics of the probe's own; takes as long as a session timeout.

    `restart` kills the broker (-9) and starts it again on its data; without it the broker isn't
    seen to keep anything. Raises KafkaError, OSError or TimeoutError when there is no broker.
    """

    async def shows(power: Callable[[Site], Awaitable[bool]]) -> bool:
        async with Site.at(bootstrap_servers) as site:
            return await _seen(power, site)

    groups, evicts, idempotence, read_committed, long_polls = await asyncio.gather(
        shows(probe_checks.groups),
        shows(probe_checks.evicts_dead_members),
        shows(probe_checks.idempotence),
        shows(probe_checks.read_committed),
        shows(probe_checks.long_polls),
    )
    return BrokerPowers(
        broker=name or bootstrap_servers,
        groups=groups,
        evicts_dead_members=evicts,
        idempotence=idempotence,
        read_committed=read_committed,
        keeps_acknowledged_records=bool(restart)
        and await shows(lambda site: probe_checks.keeps_acknowledged_records(site, restart)),
        long_polls=long_polls,
    )


def requires(powers: BrokerPowers, *names: str) -> None:
    """Skip the test, in one line, unless the broker has these powers."""
    assert {"broker", *names} <= {field.name for field in fields(powers)}
    if missing := [name for name in names if not getattr(powers, name)]:
        pytest.skip(f"{powers.broker} doesn't show: {', '.join(missing)}")


async def _seen(power: Callable[[Site], Awaitable[bool]], site: Site) -> bool:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await power(site)
    except (KafkaError, OSError, TimeoutError) as error:
        log.info("the broker at %s: %r", site.bootstrap_servers, error)
        return False
