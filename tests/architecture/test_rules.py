"""Each rule finds what it looks for, so that a green architecture test means something."""

import ast
from collections.abc import Callable

import pytest
from tests.architecture import rules

Rule = Callable[[ast.Module], list[int]]


def domain_rule(tree: ast.Module) -> list[int]:
    return rules.imports_beyond_the_standard_library(tree, "ledger.domain")


@pytest.mark.parametrize(
    ("rule", "offender"),
    [
        (rules.long_functions, "def long():\n" + "    x = 1\n" * 40),
        (rules.long_functions, "async def long():\n" + "    x = 1\n" * 40),
        (domain_rule, "import pydantic"),
        (domain_rule, "from contracts.money import Money"),
        (domain_rule, "from ledger.application import ports"),
        (domain_rule, "from . import account"),
        (rules.swallowed_exceptions, "try:\n    x()\nexcept Exception:\n    pass"),
        (rules.swallowed_exceptions, "try:\n    x()\nexcept:\n    pass"),
        (rules.swallowed_exceptions, "try:\n    x()\nexcept (OSError, BaseException) as e:\n    e"),
        (rules.environment_reads, "import os\nos.environ['X']"),
        (rules.environment_reads, "from os import getenv"),
        (rules.own_subscriptions, "@broker.subscriber('ledger.commands.v1')\ndef f(): ..."),
        (rules.own_subscriptions, "from faststream import AckPolicy"),
        (rules.waits_by_time, "import time\ntime.sleep(0.1)"),
        (rules.waits_by_time, "async def f():\n    await asyncio.sleep(1)"),
        (rules.unfinished_parts, "def f():\n    raise NotImplementedError"),
    ],
)
def test_a_rule_finds_its_offender(rule: Rule, offender: str) -> None:
    assert rule(ast.parse(offender))


@pytest.mark.parametrize(
    ("rule", "fine"),
    [
        (rules.long_functions, "def short():\n" + "    x = 1\n" * 39),
        (
            domain_rule,
            "import json\nfrom ledger.domain.account import Account",
        ),
        (rules.swallowed_exceptions, "try:\n    x()\nexcept OSError:\n    pass"),
        (rules.swallowed_exceptions, "try:\n    x()\nexcept BaseException:\n    undo()\n    raise"),
        (rules.waits_by_time, "async def f():\n    await asyncio.sleep(0)"),
    ],
)
def test_a_rule_leaves_sound_code_alone(rule: Rule, fine: str) -> None:
    assert not rule(ast.parse(fine))
