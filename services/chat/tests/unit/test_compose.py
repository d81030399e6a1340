from services.chat.tests.fakes import FakeModel, a_passage

from chat.application.ports import Statement
from chat.application.stages.compose import compose
from chat.application.stages.judge import Evidence


async def test_a_talkative_model_is_stopped_after_three_statements() -> None:
    passage = a_passage()
    said = [Statement(text=str(n), passage=passage, quote=str(n)) for n in range(5)]
    composed = compose("When?", Evidence((passage,), 0.8), FakeModel(*said))
    assert [statement async for statement in composed] == said[:3]
