"""Each exercise's line is printed when it is graded, and all lines together are the lesson's list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.cli.grade.early import first_heading
from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Printing
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Outcome, SubmissionRef
from blindgrade.render.terminal.paper import as_text, heading
from blindgrade.render.terminal.results import exercise_table, lesson_end, lesson_list, widths_of
from blindgrade.render.terminal.results import problems as list_of_problems

MINI = Path(__file__).parents[2] / "courses" / "mini"


class Out:
    """All that was printed so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().out
        return self._text


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Out:
    return Out(capsys)


def job() -> Job:
    catalog = Catalog(MINI)
    wanted: dict[str, Any] = {"verbose": False}
    return Job(catalog, ("all",), catalog.find(["lesson-1.1.1"]), MINI / "exercises", wanted, {"debug": False})


def result(name: str, outcome: Outcome = Outcome.PASSED) -> ExerciseResult:
    check = CheckResult(name="c", claim="It is.", public=True, outcome=outcome)
    points = 40.0 if outcome is Outcome.PASSED else 0.0
    return ExerciseResult(
        name=name, title="", outcome=outcome, points=points, max_points=40, concepts=[], checks=[check]
    )


RESULTS = [result("standardize"), result("correlation", Outcome.FAILED), result("fit_line")]


def attempt(problems: list[str], unreadable: str = "") -> Attempt:
    lesson = job().targets[0].lesson
    return Attempt.of(
        lesson, RESULTS, SubmissionRef(path="", sha256=""), seed=7, problems=problems, unreadable=unreadable
    )


def test_a_line_is_there_as_soon_as_its_exercise_is_done(out: Out) -> None:
    printing = Printing(job())
    printing.begin()
    assert "Basics" in out.getvalue()
    printing.exercise("lesson-1.1.1", RESULTS[0], [], "")
    assert "standardize" in out.getvalue()
    printing.exercise("lesson-1.1.1", RESULTS[2], [], "")
    assert "fit_line" not in out.getvalue(), "lines come in the lesson's order"
    printing.exercise("lesson-1.1.1", RESULTS[1], [], "")
    assert "correlation" in out.getvalue() and "fit_line" in out.getvalue()


@pytest.mark.parametrize("problems", [[], ["basics.py:3: NameError"]])
@pytest.mark.parametrize("done", [0, 1, 3])
def test_the_lines_together_are_the_lessons_list(out: Out, problems: list[str], done: int) -> None:
    printing = Printing(job())
    printing.begin()
    for one in RESULTS[:done]:
        printing.exercise("lesson-1.1.1", one, problems, "")
    printing.lesson(attempt(problems))
    console = printing._screen.console
    found, target = attempt(problems), job().targets[0]
    table = exercise_table(RESULTS, console, widths_of(target.lesson.exercises))
    parts = [heading("lesson-1.1.1", "Basics"), *list_of_problems(problems), table, *lesson_end(found, console)]
    assert out.getvalue() == as_text(console, *parts)
    assert len(lesson_list(found, console)) == len(parts) - 1


def test_a_lesson_that_cannot_be_read_has_no_lines(out: Out) -> None:
    printing = Printing(job())
    printing.begin()
    printing.exercise("lesson-1.1.1", RESULTS[0], ["no text"], "no text")
    printing.lesson(attempt(["no text"], "no text"))
    assert "standardize" not in out.getvalue() and out.getvalue().count("no text") == 1


def test_an_unchanged_exercise_is_marked(out: Out) -> None:
    printing = Printing(job())
    printing.begin()
    printing.exercise("lesson-1.1.1", RESULTS[0].model_copy(update={"cached": True}), [], "")
    assert out.getvalue().rstrip().endswith("unchanged")


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (("lesson-1.1.1",), "lesson-1.1.1"),
        (("all",), "lesson-1.1.1"),
        (("lesson-1.1",), "lesson-1.1.1"),
        (("lesson-1.1.1/fit_line",), "lesson-1.1.1"),
        (("lesson-1.1.1/nothing",), ""),
        (("lesson-9",), ""),
        (("lesson-1.1.1", "lesson-9"), ""),
        (("fit_line",), ""),
    ],
)
def test_the_first_heading_needs_names_and_titles_alone(out: Out, names: tuple[str, ...], first: str) -> None:
    assert first_heading(MINI, names) == first
    printing = Printing(job(), first)
    printing.begin()
    assert out.getvalue() == "lesson-1.1.1  Basics\n"
