import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from stack.demo.caller import Caller
from stack.demo.scene import Scene
from stack.demo.story import STORY, Step, title
from stack.embedded import Stack
from stack.errors import StackError
from stack.interrupts import interrupts_ignored
from stack.layout import DEFAULT_DATA_DIR
from stack.ports import free_ports
from stack.processes import strays
from stack.profiles import EMBEDDED, processes_of
from stack.report import Report
from stack.topology import TopologyBuilder


class Stopwatch:
    """Seconds per step, for the last line."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._seconds[step] = time.monotonic() - began

    def of(self, step: str) -> float:
        return self._seconds[step]

    def summary(self) -> str:
        steps = " · ".join(f"{step} {seconds:.1f}" for step, seconds in self._seconds.items())
        return f"Seconds: {steps}; in all {sum(self._seconds.values()):.1f}"


def run_demo(
    report: Report,
    *,
    profile: str = EMBEDDED,
    build: TopologyBuilder | None = None,
    story: Mapping[str, Step] = STORY,
    logs_on_failure: Path = DEFAULT_DATA_DIR / "logs" / "demo",
) -> int:
    """Plays the story on a stack of its own, on free ports, and leaves nothing behind.

    Raises StackError when a step goes another way than it should; the logs are kept then.
    """
    watch = Stopwatch()
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-demo-"))
    ports = free_ports(processes_of(profile))
    stack = Stack(folder, ports, profile=profile, build=build, report=report)
    try:
        _play(stack, report, watch, story)
    except StackError as error:
        shutil.copytree(stack.layout.logs, logs_on_failure, dirs_exist_ok=True)
        raise StackError(f"{error}\nThe logs of this run are in {logs_on_failure}") from error
    finally:
        with interrupts_ignored(), watch.timing("clear"):
            _clear_away(stack, folder)
    report.say(f"Everything is stopped and removed. {len(story)} steps, all as expected.")
    report.say(watch.summary())
    return 0


def _play(stack: Stack, report: Report, watch: Stopwatch, story: Mapping[str, Step]) -> None:
    report.say("0. A stack of its own starts", style="bold")
    with watch.timing("start"):
        stack.up()
    report.say(f"   ready at {stack.url} after {watch.of('start'):.1f} s")
    with ExitStack() as cast:
        admin, staff, customer = (
            cast.enter_context(closing(Caller(f"{stack.url}/api/v1"))) for _ in range(3)
        )
        scene = Scene(
            admin=admin, staff=staff, customer=customer, operator=stack.secrets, report=report
        )
        for number, (name, step) in enumerate(story.items(), start=1):
            report.say(f"{number}. {title(step)}", style="bold")
            with watch.timing(name):
                step(scene)
            report.say(f"   {watch.of(name):.2f} s", style="dim")


def _clear_away(stack: Stack, folder: Path) -> None:
    stack.down()
    left = strays(stack.layout)
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        raise StackError(f"Processes of the demo are still alive: {pids}.")
    shutil.rmtree(folder)
