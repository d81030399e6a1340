import json
from dataclasses import dataclass

from stack.demo.caller import Resource
from stack.demo.documents import HANDBOOK, SHOP_PAGE
from stack.demo.expectations import DemoFailed, expect
from stack.demo.scene import Scene


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that a sample document answers, with what the answer has to say and to cite."""

    text: str
    answer_says: str
    document: str
    page: int | None


ABOUT_THE_HANDBOOK = Question(
    text="How much does an adult membership cost per year?",
    answer_says="360",
    document=HANDBOOK,
    page=2,
)
ABOUT_THE_SHOP = Question(
    text="How long is clothing under warranty?",
    answer_says="24 months",
    document=SHOP_PAGE,
    page=None,
)
UNANSWERED = "What is the password of the wireless network?"


def customer_opens_a_conversation(scene: Scene) -> None:
    opened = scene.customer.command("/chat/conversations", {"title": "A few questions"})
    expect(opened["status"] == "open", f"the new conversation is {opened['status']}.")
    scene.conversation = opened
    scene.tell(f"conversation {opened['id']} is open")


def assistant_answers_from_the_handbook(scene: Scene) -> None:
    _require_cited_answer(scene, ABOUT_THE_HANDBOOK)


def assistant_answers_from_the_shop_page(scene: Scene) -> None:
    _require_cited_answer(scene, ABOUT_THE_SHOP)


def assistant_admits_what_it_does_not_know(scene: Scene) -> None:
    answer = _ask(scene, UNANSWERED)
    expect(not answer["citations"], f"a guess is backed by {answer['citations']}.")
    expect(answer["offers_handoff"], "the assistant doesn't offer a person.")
    scene.tell("it cites nothing and offers a person")


def customer_takes_the_offer_of_a_person(scene: Scene) -> None:
    handed_over = scene.customer.command(
        f"/chat/conversations/{scene.conversation['id']}/handoff", {"reason": UNANSWERED}
    )
    expect(
        handed_over["status"] == "waiting_for_staff",
        f"after the handoff the conversation is {handed_over['status']}.",
    )
    scene.tell("the conversation waits for staff")


def _require_cited_answer(scene: Scene, question: Question) -> None:
    answer = _ask(scene, question.text)
    expect(
        question.answer_says in answer["content"],
        f"the answer to {question.text!r} doesn't say {question.answer_says!r}.",
    )
    cited = [(citation["document_id"], citation["page"]) for citation in answer["citations"]]
    for citation in answer["citations"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        scene.tell(f"[{citation['title']}{page}] {citation['quote'][:90]}")
    documents = [document for document, _ in cited]
    expected = scene.documents[question.document]
    expect(expected in documents, f"the answer doesn't cite {question.document}: {cited}.")
    if question.page is not None:
        expect((expected, question.page) in cited, f"page {question.page} isn't cited: {cited}.")


def _ask(scene: Scene, question: str) -> Resource:
    """Shows the answer as it streams in; what streamed and the final message must agree."""
    scene.tell(f"Kim: {question}")
    scene.report.say("   Frontdesk: ", end="")
    path = f"/chat/conversations/{scene.conversation['id']}/messages"
    streamed = ""
    answer: Resource | None = None
    with scene.customer.stream(path, {"content": question}) as events:
        for event in events:
            data = json.loads(event.data) if event.data else {}
            if event.event == "delta":
                streamed += data["text"]
                scene.report.say(data["text"], end="")
            elif event.event == "message":
                answer = data
            elif event.event == "problem":
                raise DemoFailed(f"The demo failed: no answer to {question!r}: {data}")
    scene.report.say()
    return _require_whole(answer, streamed, question)


def _require_whole(answer: Resource | None, streamed: str, question: str) -> Resource:
    if answer is None:
        raise DemoFailed(f"The demo failed: the stream ended without an answer to {question!r}.")
    expect(
        streamed.strip() == answer["content"].strip(),
        f"what streamed in ({streamed!r}) isn't the message ({answer['content']!r}).",
    )
    return answer
