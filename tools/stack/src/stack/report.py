from contextlib import AbstractContextManager

from rich.console import Console


class Report:
    """Tells progress: a spinner on a terminal, plain whole lines everywhere else."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @classmethod
    def silent(cls) -> "Report":
        return cls(Console(quiet=True))

    def say(self, text: str = "", *, style: str = "", end: str = "\n") -> None:
        # Soft wrapping leaves long lines whole, so that a log of the output can be searched.
        self.console.print(
            text, style=style or None, end=end, markup=False, highlight=False, soft_wrap=True
        )

    def working(self, text: str) -> AbstractContextManager[object]:
        return self.console.status(text)
