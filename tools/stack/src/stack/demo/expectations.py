from stack.errors import StackError


class DemoFailed(StackError):
    """The system answered something else than the story expects."""


def expect(condition: bool, otherwise: str) -> None:
    """Raises DemoFailed with the sentence `otherwise`."""
    if not condition:
        raise DemoFailed(f"The demo failed: {otherwise}")
