"""What only a SQL store can do wrong."""

from uuid import uuid4

import pytest
from libs.storage.tests.instances import notes, sql_instance
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from contracts.ids import new_id
from messaging.envelope import Envelope


def cause() -> Envelope:
    return Envelope(type="WriteNote", source="gateway", subject="1", correlation_id=new_id())


async def test_a_statement_that_the_store_refuses_spoils_no_other_unit_of_work(
    sql_url: str,
) -> None:
    instance = sql_instance(sql_url)
    await instance.prepare()
    same = uuid4()
    async with instance.delivery.store.begin() as transaction:
        async with transaction.work(cause()) as work:
            await work.connection.execute(insert(notes).values(id=same, text="first"))
        with pytest.raises(IntegrityError):
            async with transaction.work(cause()) as work:
                await work.connection.execute(insert(notes).values(id=same, text="second"))
        async with transaction.work(cause()) as work:
            await instance.write(work, "third")
    assert set(await instance.texts()) == {"first", "third"}
    await instance.delivery.close()
