"""The ledger's ports on PostgreSQL and SQLite."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ids import derived_id
from ledger.adapters.tables import accounts, entries, holds, transactions
from ledger.domain.account import Account, AccountKind
from ledger.domain.hold import Hold
from ledger.domain.refusals import AccountNotFound, AlreadyExists, HoldNotFound
from ledger.domain.transaction import Transaction
from messaging.work import Postbox
from storage.versions import update_version
from storage.work import SqlWork


class SqlAccounts:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, account_id: UUID, *, owner_id: UUID | None = None) -> Account:
        account = await self._find(account_id)
        if account is None or (owner_id is not None and account.owner_id != owner_id):
            raise AccountNotFound(account_id)
        return account

    async def house(self, kind: AccountKind, currency: str) -> Account:
        account_id = derived_id("account", kind, currency)
        account = await self._find(account_id)
        if account is None:
            account = Account(
                id=account_id,
                owner_id=None,
                kind=kind,
                currency=currency,
                name=kind,
                created_at=datetime.now(UTC),
            )
            await self.add(account)
        return account

    async def add(self, account: Account) -> None:
        await _require_new(self._connection, accounts, "account", account.id)
        await self._connection.execute(insert(accounts).values(**asdict(account)))
        self._read_versions[account.id] = account.version

    async def save(self, account: Account) -> None:
        await update_version(
            self._connection,
            accounts,
            id=account.id,
            read_version=self._read_versions[account.id],
            values=asdict(account),
        )
        self._read_versions[account.id] = account.version

    async def _find(self, account_id: UUID) -> Account | None:
        row = await _locked(self._connection, select(accounts).where(accounts.c.id == account_id))
        if row is None:
            return None
        self._read_versions[account_id] = row.version
        return Account(**row._mapping)


class SqlTransactions:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, transaction: Transaction) -> None:
        await _require_new(self._connection, transactions, "transaction", transaction.id)
        values = asdict(transaction) | {"reference_id": transaction.reference_id}
        del values["entries"]
        await self._connection.execute(insert(transactions).values(**values))
        await self._connection.execute(
            insert(entries),
            [
                {
                    "account_id": entry.account_id,
                    "version": entry.version,
                    "transaction_id": transaction.id,
                    "amount": entry.amount,
                    "balance": entry.balance,
                    "created_at": transaction.created_at,
                }
                for entry in transaction.entries
            ],
        )


class SqlHolds:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read_versions: dict[UUID, int] = {}

    async def get(self, hold_id: UUID) -> Hold:
        row = await _locked(self._connection, select(holds).where(holds.c.id == hold_id))
        if row is None:
            raise HoldNotFound(hold_id)
        self._read_versions[hold_id] = row.version
        return Hold(**row._mapping)

    async def add(self, hold: Hold) -> None:
        await _require_new(self._connection, holds, "hold", hold.id)
        await self._connection.execute(insert(holds).values(**asdict(hold)))

    async def save(self, hold: Hold) -> None:
        await update_version(
            self._connection,
            holds,
            id=hold.id,
            read_version=self._read_versions[hold.id],
            values=asdict(hold),
        )


class SqlLedgerWork(SqlWork):
    """See ledger.application.ports.LedgerWork."""

    def __init__(self, connection: AsyncConnection, postbox: Postbox) -> None:
        super().__init__(connection, postbox)
        self.accounts = SqlAccounts(connection)
        self.transactions = SqlTransactions(connection)
        self.holds = SqlHolds(connection)


async def _locked(connection: AsyncConnection, query: "Select[Any]") -> Any:
    return (await connection.execute(query.with_for_update())).one_or_none()


async def _require_new(connection: AsyncConnection, table: Table, what: str, id: UUID) -> None:
    if (await connection.execute(select(table.c.id).where(table.c.id == id))).first():
        raise AlreadyExists(what, id)
