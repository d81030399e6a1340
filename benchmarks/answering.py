"""The process that answers in a round trip: a service with its store, and a bare loop.

`python -m benchmarks.answering BOOTSTRAP DATABASE_URL` says when it is ready, and ends with its
standard input.
"""

import asyncio
import sys

import uvloop

from benchmarks.clients import (
    BACK,
    KEPT_BACK,
    KEPT_THERE,
    THERE,
    Keep,
    keep_nothing,
    new_consumer,
    new_keep,
    new_producer,
    running_delivery,
)
from benchmarks.samples import posted, transfer, view
from benchmarks.stores import TABLES
from contracts.ledger import PostTransaction
from contracts.ledger_views import TransactionView
from contracts.topics import LEDGER_COMMANDS, Topic
from messaging.garbage import spare_the_collector
from messaging.work import Handlers
from storage.delivery_store import SqlDeliveryStore
from storage.work import SqlWork
from testkit.waiting import in_background


async def answer(command: PostTransaction, work: SqlWork) -> TransactionView:
    work.announce(posted(command), version=1)
    return view(command)


async def answer_barely(bootstrap_servers: str, there: Topic, back: Topic, keep: Keep) -> None:
    body = view(transfer()).model_dump_json().encode()
    async with (
        new_consumer(bootstrap_servers, there) as commands,
        new_producer(bootstrap_servers) as producer,
    ):
        while True:
            await commands.getone()
            await keep(body)
            await producer.send_and_wait(back.name, body)


async def main(bootstrap_servers: str, database_url: str) -> None:
    store = SqlDeliveryStore("ledger", database_url, TABLES, SqlWork)
    handlers: Handlers = {PostTransaction: answer}
    async with (
        new_keep(database_url) as keep,
        running_delivery(bootstrap_servers, store, LEDGER_COMMANDS, handlers),
        in_background(answer_barely(bootstrap_servers, THERE, BACK, keep_nothing)),
        in_background(answer_barely(bootstrap_servers, KEPT_THERE, KEPT_BACK, keep)),
    ):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await store.close()


if __name__ == "__main__":
    spare_the_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
