"""The examples of the libraries' own pages are programs, and they run."""

import re
import runpy
from pathlib import Path

import pytest

LIBS = Path(__file__).parents[3]
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES_WITH_A_PROGRAM = ("contracts", "messaging", "storage")


@pytest.mark.parametrize("library", PAGES_WITH_A_PROGRAM)
def test_the_example_of_a_library_s_readme_runs(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = EXAMPLE.findall((LIBS / library / "README.md").read_text())
    assert examples, f"libs/{library}/README.md has no example"

    for number, example in enumerate(examples):
        program = tmp_path / f"example_{number}.py"
        program.write_text(example)
        runpy.run_path(str(program), run_name="__main__")
