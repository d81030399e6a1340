from uuid import UUID

import pytest
from services.chat.tests.fakes import a_conversation

from chat.application.views import conversation_view
from chat.domain.refusals import ConversationNotFound
from chat.entrypoints.http import router
from chat.entrypoints.problems import PROBLEMS
from contracts.chat import ConversationView, MessageView
from contracts.ids import new_id
from contracts.paging import Page
from testkit.applications import application_of, client_of
from testkit.tokens import INTERNAL_KEY, TokenIssuer

ISSUER = TokenIssuer()
MINE = conversation_view(a_conversation(title="Mine", version=3))
ROOT = "/chat/conversations"


class OneConversation:
    """Remembers for whom it was asked."""

    def __init__(self) -> None:
        self.seen_by: list[UUID | None] = []

    async def conversation(
        self, conversation_id: UUID, customer_id: UUID | None
    ) -> ConversationView:
        self.seen_by.append(customer_id)
        if conversation_id != MINE.id or customer_id not in {None, MINE.customer_id}:
            raise ConversationNotFound(conversation_id)
        return MINE

    async def conversations(
        self, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[ConversationView]:
        self.seen_by.append(customer_id)
        return Page(items=[MINE][:limit], next=after)

    async def messages(
        self, conversation_id: UUID, customer_id: UUID | None, *, limit: int, after: str | None
    ) -> Page[MessageView]:
        await self.conversation(conversation_id, customer_id)
        return Page(items=[], next=None)


@pytest.fixture
def reads() -> OneConversation:
    return OneConversation()


async def get(
    reads: OneConversation,
    path: str,
    *roles: str,
    subject: UUID = MINE.customer_id,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, object], str | None]:
    app = application_of(router, issuer=ISSUER, problems=PROBLEMS, state={"reads": reads})
    async with client_of(app) as client:
        given = ISSUER.authorization(subject, *roles) | (headers or {})
        response = await client.get(path, headers=given)
    body = response.json() if response.content else {}
    return response.status_code, body, response.headers.get("etag")


@pytest.mark.parametrize("role", ["anonymous", "customer"])
async def test_the_owner_reads_a_conversation_with_its_version(
    reads: OneConversation, role: str
) -> None:
    status, body, etag = await get(reads, f"{ROOT}/{MINE.id}", role)
    assert (status, body["title"], etag) == (200, "Mine", '"v3"')


async def test_a_known_version_is_not_sent_again(reads: OneConversation) -> None:
    headers = {"If-None-Match": '"v3"'}
    status, body, _ = await get(reads, f"{ROOT}/{MINE.id}", "customer", headers=headers)
    assert (status, body) == (304, {})


@pytest.mark.parametrize("path", ["", "/messages"])
async def test_somebody_elses_conversation_is_not_found(reads: OneConversation, path: str) -> None:
    status, body, _ = await get(reads, f"{ROOT}/{MINE.id}{path}", "customer", subject=new_id())
    assert (status, body["type"]) == (404, "/problems/conversation-not-found")


@pytest.mark.parametrize("path", [f"/{MINE.id}", f"/{MINE.id}/messages", ""])
async def test_staff_see_everybodys_conversations(reads: OneConversation, path: str) -> None:
    status, _, _ = await get(reads, f"{ROOT}{path}", "staff", subject=new_id())
    assert status == 200
    assert reads.seen_by == [None]


async def test_another_service_sees_everything(reads: OneConversation) -> None:
    headers = {"Authorization": f"Bearer {INTERNAL_KEY}"}
    status, _, _ = await get(reads, ROOT, headers=headers)
    assert status == 200
    assert reads.seen_by == [None]


async def test_a_customer_lists_their_own(reads: OneConversation) -> None:
    status, _, _ = await get(reads, ROOT, "customer")
    assert (status, reads.seen_by) == (200, [MINE.customer_id])


async def test_a_parameter_nobody_knows_is_an_error(reads: OneConversation) -> None:
    status, _, _ = await get(reads, f"{ROOT}?offset=3", "customer")
    assert status == 400
