"""A book with many entries: filled by SQL to the shape that as many transfers would leave."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from benchmarks.ledger_samples import CURRENCY, Customer
from benchmarks.ledger_server import Servers
from servers.postgres import execute

ROUNDS_AT_ONCE: Final = 20
"""In each round every account pays another once, and is paid once."""

AMOUNT: Final = 1

# Whom an account pays is another one in each round. A transaction's number says which round it is
# of, so that versions and balances follow: in each round the account pays first, and is paid then.
_FILL: Final = """
WITH book AS (
    SELECT transactions, postings, clock_timestamp() AS at FROM books WHERE name = 'main'
), made AS (
    INSERT INTO transactions (
        id, book, number, kind, status, amount, currency, source_id, target_id, description,
        refunded, is_reversed, asked_by, fingerprint, created_at, ended_at, posting, link
    )
    SELECT
        uuidv7(), 'main', transactions + nth, 'transfer', 'completed', $1::bigint, $2,
        payer.id, payee.id, 'Lunch on Tuesday', 0, false, payer.owner_id,
        sha256(int8send(nth)), at, at, postings + nth, sha256(int8send(postings + nth))
    FROM book
        CROSS JOIN generate_series(0, $3::bigint - 1) AS round
        CROSS JOIN customers AS payer
        CROSS JOIN LATERAL (VALUES (round * $4::bigint + payer.place + 1)) AS counted (nth)
        JOIN customers AS payee
            ON payee.place = (payer.place + 1 + round % ($4::bigint - 1)) % $4::bigint
    ORDER BY nth
    RETURNING id, source_id, target_id, number, ended_at
), moved AS (
    SELECT made.*, (number - book.transactions - 1) / $4::bigint AS round FROM made, book
)
INSERT INTO entries (account_id, version, transaction_id, amount, balance, created_at)
SELECT
    account.id, account.version + 2 * round + side.nth, moved.id, side.amount,
    account.posted - CASE side.nth WHEN 1 THEN $1::bigint ELSE 0 END, ended_at
FROM moved
    CROSS JOIN (VALUES (1, -$1::bigint), (2, $1::bigint)) AS side (nth, amount)
    JOIN accounts AS account
        ON account.id = CASE side.nth WHEN 1 THEN source_id ELSE target_id END
ORDER BY moved.number, side.nth
"""
_ADVANCE: Final = """
WITH moved AS (
    UPDATE books SET
        transactions = transactions + $1, postings = postings + $1,
        link = sha256(int8send(postings + $1)), last_at = clock_timestamp(), epoch = epoch + 1
    WHERE name = 'main'
)
UPDATE accounts SET version = version + 2 * $2::bigint
WHERE id IN (SELECT id FROM customers)
"""


async def grown_book(
    servers: Servers, book: str, people: Sequence[Customer], *, entries: int
) -> str:
    """A copy of `book` with at least that many entries; the name of its database.

    Its chain is no chain: the links are as long as real ones, and as random.
    """
    database = await servers.create_database(template=book)
    url = servers.postgres.url(database)
    [row] = await execute(url, "SELECT count(*) AS entries FROM entries")
    per_round = 2 * len(people)
    await _fill(url, people, rounds=-(-max(entries - row["entries"], 0) // per_round))
    await execute(url, "VACUUM ANALYZE")
    return database


async def _fill(url: str, people: Sequence[Customer], *, rounds: int) -> None:
    """The commits of the fill needn't reach the disk one by one."""
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "off"})
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE customers (place bigint PRIMARY KEY, id uuid, owner_id uuid)"
        )
        places = [(place, one.account_id, one.owner_id) for place, one in enumerate(people)]
        await connection.copy_records_to_table("customers", records=places)
        await connection.execute("ANALYZE customers")
        while rounds > 0:
            some = min(rounds, ROUNDS_AT_ONCE)
            async with connection.transaction():
                await connection.execute(_FILL, AMOUNT, CURRENCY, some, len(people))
                await connection.execute(_ADVANCE, some * len(people), some)
            rounds -= some
    finally:
        await connection.close()
