from collections import Counter
from uuid import UUID

import pytest

from contracts.contract import Command, Event, Message
from contracts.generate import stale_files
from contracts.registry import UNIONS, messages_of
from contracts.topics import TOPICS, Topic

ALL = [(topic, message) for topic in UNIONS for message in messages_of(topic)]
by_name = pytest.mark.parametrize(
    ("topic", "message"), [pytest.param(*pair, id=pair[1].__name__) for pair in ALL]
)


def subclasses(kind: type[Message]) -> set[type[Message]]:
    return {kind} | {below for child in kind.__subclasses__() for below in subclasses(child)}


@by_name
def test_a_message_is_called_by_the_name_of_its_class(topic: Topic, message: type[Message]) -> None:
    assert message.model_fields["type"].default == message.__name__


@by_name
def test_a_message_names_a_member_of_its_own_as_its_aggregate(
    topic: Topic, message: type[Message]
) -> None:
    assert message.model_fields[message.aggregate].annotation in (str, UUID)


@by_name
def test_a_message_says_who_sends_it_or_what_it_means(topic: Topic, message: type[Message]) -> None:
    assert message.__doc__


def test_no_two_messages_share_a_name() -> None:
    classes = {message for _, message in ALL}
    shared = {name: n for name, n in Counter(m.__name__ for m in classes).items() if n > 1}
    assert not shared


def test_a_message_lies_on_its_own_topic_and_an_outcome_on_that_of_whoever_asked() -> None:
    elsewhere = {(topic.name, message.__name__) for topic, message in ALL if message.topic != topic}
    assert elsewhere == {("catalog.outcomes.v1", "Outcome")}


def test_commands_lie_on_command_topics_and_events_on_event_topics() -> None:
    for topic, message in ALL:
        _, kind, _ = topic.name.split(".")
        assert issubclass(message, Command) == (kind == "commands"), message
        assert issubclass(message, Event) == (kind == "events"), message


def test_every_message_that_is_declared_is_in_the_union_of_its_topic() -> None:
    concrete = {m for m in subclasses(Message) if "type" in vars(m).get("__annotations__", {})}
    ours = {m for m in concrete if m.__module__.startswith("contracts.") and m is not Message}
    assert ours == {message for _, message in ALL}


def test_every_topic_has_a_contract_and_a_place_for_its_dead() -> None:
    alive = [topic for topic in TOPICS if not topic.name.endswith(".dead")]
    assert set(alive) == set(UNIONS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    consumed = [topic for topic in alive if topic.name != "gateway.streams.v1"]
    assert all(topic.dead in TOPICS for topic in consumed)


def test_a_topic_without_a_contract_has_no_messages() -> None:
    with pytest.raises(KeyError):
        messages_of(Topic(name="shop.events.v1", owner="shop"))


def test_the_committed_schemas_are_those_of_the_models() -> None:
    assert stale_files() == []
