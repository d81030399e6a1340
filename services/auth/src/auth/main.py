"""`python -m auth.main migrate|serve|dead-letters|outbox`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth.adapters import tables
from auth.adapters.argon2 import Argon2Passwords
from auth.adapters.memory import MemoryAttempts
from auth.adapters.signing import SigningKeys, open_signing_keys
from auth.adapters.sql import SqlAuthWork, SqlBegin
from auth.adapters.sql_reads import SqlAuthReads
from auth.adapters.sweeper import SessionSweeper
from auth.application.create_first_admin import CreateFirstAdmin
from auth.application.end_session import EndSession
from auth.application.enter_anonymously import EnterAnonymously
from auth.application.log_in import LogIn
from auth.application.ports import AuthReads, BeginWork, Passwords
from auth.application.refresh_session import RefreshSession
from auth.application.register import Register
from auth.entrypoints import http, kafka
from auth.entrypoints.problems import PROBLEMS
from auth.settings import AuthSettings
from storage.delivery_store import SqlDeliveryStore
from web.commands import run_command
from web.service import Service


async def serve() -> None:
    settings = AuthSettings()
    delivery = open_store(settings)
    service = Service("auth", settings, delivery, problems=PROBLEMS)
    service.consume(kafka.TOPICS, kafka.HANDLERS)
    service.add_loop(SessionSweeper(delivery.db).run)
    keys = open_signing_keys(settings.key_file)
    begin, reads, passwords = SqlBegin(delivery.store), SqlAuthReads(delivery.db), Argon2Passwords()
    create_first_admin = CreateFirstAdmin(begin=begin, reads=reads, passwords=passwords)
    await service.serve(
        [http.sign_in, http.users],
        state={
            "use_cases": use_cases(begin, reads, passwords, keys),
            "reads": reads,
            "signing_keys": keys,
            "internal_key": settings.internal_key.get_secret_value(),
        },
        resources=[_with_an_admin(settings, create_first_admin)],
    )


def use_cases(
    begin: BeginWork, reads: AuthReads, passwords: Passwords, keys: SigningKeys
) -> http.UseCases:
    return http.UseCases(
        register=Register(begin=begin, passwords=passwords),
        log_in=LogIn(
            begin=begin,
            reads=reads,
            passwords=passwords,
            attempts=MemoryAttempts(),
            access_tokens=keys,
        ),
        enter_anonymously=EnterAnonymously(begin=begin, access_tokens=keys),
        refresh_session=RefreshSession(begin=begin, access_tokens=keys),
        end_session=EndSession(begin=begin),
    )


def open_store(settings: AuthSettings) -> SqlDeliveryStore[SqlAuthWork]:
    return SqlDeliveryStore("auth", settings.database_url, tables.delivery, SqlAuthWork)


def migrate() -> None:
    from storage.migrations import upgrade

    settings = AuthSettings()
    upgrade(settings.database_url, settings.migrations)


@asynccontextmanager
async def _with_an_admin(settings: AuthSettings, create: CreateFirstAdmin) -> AsyncIterator[None]:
    """Before the first request is served, the admin of the settings exists."""
    if settings.admin_email and settings.admin_password:
        await create(
            email=settings.admin_email, password=settings.admin_password.get_secret_value()
        )
    yield


if __name__ == "__main__":
    sys.exit(run_command("auth", AuthSettings, open_store, migrate=migrate, serve=serve))
