"""What is said about a notebook names its cells and lines, and never the file that a worker makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.submission.prints import with_places
from blindgrade.engine.submission.reading import read_submission
from blindgrade.models import Attempt

CATALOG = Catalog(Path(__file__).parents[2] / "courses" / "mini")
CELLS = [
    "import warnings\nimport torch",
    "# A picture was here.",
    "import traceback\ndef standardize(values):\n    warnings.warn('a warning')\n    traceback.print_stack()\n"
    "    return values / unknown",
    "def correlation(first, second):\n    return standardize(first)[10**6]",
]
WAITS = "import time\nOFFSET = 0\nwhile not OFFSET:\n    time.sleep(60)\n    OFFSET += 1"
HANGS = "TOTAL = sum(range(10**15))\ndef fit_line(x, y):\n    return TOTAL"


@pytest.fixture(scope="module")
def targets() -> list[Target]:
    return CATALOG.find(["all"])


@pytest.fixture(scope="module")
def warm(targets: list[Target]):  # type: ignore[no-untyped-def]
    with Zygote.for_targets(targets) as zygote:
        yield zygote


def _notebook(folder: Path, cells: list[str], name: str = "basics.ipynb") -> Path:
    made = [
        {"cell_type": "code", "source": one, "metadata": {}, "outputs": [], "execution_count": None} for one in cells
    ]
    path = folder / name
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def _attempt(path: Path, targets: list[Target], warm: Zygote, **options: object) -> Attempt:
    return grade(CATALOG, targets, path, Options(**options), warm).lessons[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["basics.ipynb", "My [answers].ipynb"])
@pytest.mark.parametrize("debug", [False, True])
def test_no_message_about_a_notebook_names_a_python_file(
    name: str, debug: bool, tmp_path: Path, targets: list[Target], warm: Zygote
) -> None:
    attempt = _attempt(_notebook(tmp_path, CELLS, name), targets, warm, debug=debug)
    [check, *_] = attempt.exercises[0].checks
    # In this process, a test's warnings are errors.
    assert str(check.where) == f"cell 3, line {3 if debug else 5} of {name}"
    text = attempt.model_dump_json(exclude={"lesson": True, "exercises": {"__all__": {"output"}}})
    assert "basics.py" not in text and "/box" not in text


def test_a_warning_and_a_printed_trace_name_the_cell(tmp_path: Path, targets: list[Target], warm: Zygote) -> None:
    attempt = _attempt(_notebook(tmp_path, CELLS), targets, warm)
    printed = attempt.exercises[0].output
    assert "cell 3, line 3 of basics.ipynb: UserWarning: a warning" in printed
    assert "cell 3, line 4 of basics.ipynb, in standardize" in printed
    assert "basics.py" not in printed


def test_a_notebook_that_does_not_load_is_named_as_it_is(tmp_path: Path, targets: list[Target], warm: Zygote) -> None:
    attempt = _attempt(_notebook(tmp_path, [*CELLS, HANGS]), targets, warm)
    assert attempt.unreadable.startswith(
        "basics.ipynb could not be loaded: stopped after 10 s of processor time at cell"
    )


def test_a_cell_that_only_waits_costs_the_lesson_nothing(tmp_path: Path, targets: list[Target], warm: Zygote) -> None:
    right = (CATALOG.root / "solutions" / "lesson_1_1_1_basics" / "basics.py").read_text()
    reads = right.replace("    centered = ", "    OFFSET\n    centered = ", 1)
    attempt = _attempt(_notebook(tmp_path, [WAITS, reads + "\n\nOFFSET = 0\n"]), targets, warm)
    assert attempt.points == 100
    [note] = [one for one in attempt.problems if "waiting" in one]
    assert note == (
        "cell 1, line 3 of basics.ipynb: loading the file was stopped after 6 s of waiting at cell 1, line 4 of"
        " basics.ipynb: does it sleep, or wait for input or for a thread?; this part was left out and the rest was"
        " graded; `correlation` and `standardize` need it"
    )


@pytest.mark.parametrize("folder", ["/box", "/tmp/blindgrade-x1", "C:\\Users\\a\\blindgrade-x1"])
def test_lines_of_other_files_stay_as_python_prints_them(folder: str, tmp_path: Path, targets: list[Target]) -> None:
    path = _notebook(tmp_path, CELLS)
    files = [target.files for target in targets]
    submission = read_submission(path, files, {files[0].entry.id: {"standardize", "correlation", "fit_line"}})
    found = submission[files[0].entry.id]
    assert found is not None
    mark = "\\" if "\\" in folder else "/"
    text = f'File "{folder}{mark}basics.py", line 5, in f; /x{folder}{mark}basics.py:5; {folder}{mark}data.txt:3; 1:2'
    assert with_places(text, folder, found) == text.replace(
        f'File "{folder}{mark}basics.py", line 5', "cell 2, line 2 of basics.ipynb"
    )
