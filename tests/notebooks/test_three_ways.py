"""The same cells give the same results in a fresh kernel, as a notebook, and exported as a Python file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.models import Attempt

from .corpus import Book, books

MINI = Path(__file__).parents[1] / "courses" / "mini"
BOOKS = books()
CHECKS = {
    "standardize": "has_mean_zero_and_spread_one",
    "correlation": "compares_rows",
    "fit_line": "finds_the_line",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The miniature course as it is released: public checks only."""
    root = tmp_path_factory.mktemp("released")
    shutil.copytree(MINI / "exercises", root / "exercises")
    shutil.copy(MINI / "course.toml", root)
    return Catalog(root)


@pytest.fixture(scope="module")
def in_kernels(course: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    """Results of all notebooks in IPython, by notebook and check."""
    folder = tmp_path_factory.mktemp("kernels")
    for book in BOOKS:
        book.write(folder / book.name, "basics.ipynb", book.ipynb())
    command = [sys.executable, str(Path(__file__).parent / "kernel_way.py"), str(course.root), str(folder)]
    done = subprocess.run(command, capture_output=True, timeout=600, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, bool]] = json.loads(done.stdout)
    return found


class Grader:
    """Grades files with one warm process."""

    def __init__(self, course: Catalog, warm: Zygote) -> None:
        self.course = course
        self.warm = warm
        self.references = References()

    def __call__(self, path: Path) -> Attempt:
        targets = self.course.find(["lesson-1.1.1"])
        return grade(self.course, targets, path, Options(), self.warm, self.references).lessons[0]


@pytest.fixture(scope="module")
def grader(course: Catalog) -> Iterator[Grader]:
    with Zygote.for_targets(course.find(["lesson-1.1.1"])) as warm:
        yield Grader(course, warm)


def passed(attempt: Attempt) -> dict[str, bool]:
    return {check.name: check.outcome == "passed" for one in attempt.exercises for check in one.checks}


def test_the_corpus_has_at_least_forty_notebooks() -> None:
    assert len({book.name for book in BOOKS}) == len(BOOKS) >= 40


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_kernel_notebook_and_exports_agree(
    book: Book, in_kernels: dict[str, dict[str, bool]], grader: Grader, tmp_path: Path
) -> None:
    expected = {check: name in book.passing for name, check in CHECKS.items()}
    assert {check: in_kernels[book.name].get(check, False) for check in expected} == expected, "kernel"
    attempt = grader(book.write(tmp_path / "notebook", "basics.ipynb", book.ipynb()))
    assert passed(attempt) == expected, ("notebook", attempt.problems, messages(attempt))
    for note in book.notes:
        found = [problem for problem in attempt.problems if note == "-" or note in problem]
        assert bool(found) is (note != "-"), attempt.problems
    exports = {"jupytext": book.jupytext(), "nbconvert": book.nbconvert()}
    if any(cell.kind == "raw" for cell in book.cells):
        del exports["nbconvert"]  # it writes a raw cell as code, so its file has other cells
    for way, text in exports.items():
        attempt = grader(book.write(tmp_path / way, "basics.py", text))
        assert passed(attempt) == expected, (way, attempt.problems, messages(attempt), text)


def messages(attempt: Attempt) -> list[str]:
    return [check.message for one in attempt.exercises for check in one.checks if check.message]


@pytest.mark.parametrize("name", ["registry", "timed_line", "trained_constant"])
def test_a_real_kernel_shows_the_points_that_grade_gives(
    name: str, course: Catalog, grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("BLINDGRADE_COURSE", str(course.root))
    [book] = [one for one in BOOKS if one.name == name]
    made = nbformat.from_dict(book.document())
    show = "import blindgrade.notebook\nprint(blindgrade.notebook.grade('lesson-1.1.1/standardize').points)"
    made.cells.append(nbformat.v4.new_code_cell(show))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the clients' own, of event loops and paths
        NotebookClient(made, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [result] = [one for one in grader(book.write(tmp_path / "b", "basics.ipynb", book.ipynb())).exercises[:1]]
    assert float(made.cells[-1].outputs[-1].text) == result.points == 40
