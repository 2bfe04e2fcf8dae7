"""nbgrader reads the points that our outputs say, trap by trap."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbgrader import utils

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Level, Outcome, SubmissionRef
from blindgrade.student_view import student_view
from blindgrade.systems.nbgrader import outputs as module


def result(points: float, outcome: Outcome = Outcome.FAILED, **fields: Any) -> ExerciseResult:
    check = CheckResult(name="c", claim="A claim.", public=True, outcome=outcome, message=fields.pop("message", ""))
    return ExerciseResult(
        name="e", title="E", outcome=outcome, points=points, max_points=4.0, concepts=[], checks=[check], **fields
    )


def outputs(one: ExerciseResult, problems: list[str], level: Level = Level.CHECKS) -> list[Any]:
    attempt = Attempt(
        lesson="lesson-1.1.1", title="Basics", points=one.points, max_points=4.0, graded_at="2026-11-01T10:00:00Z",
        submission=SubmissionRef(path="", sha256=""), seed=7, reference="live", sandbox="", seconds=0,
        problems=problems, exercises=[one],
    )  # fmt: skip
    return module.outputs(one, student_view(attempt, level))


def test_a_file_that_could_not_be_read_is_said_in_one_cell_and_has_no_points_in_each() -> None:
    one = result(0.0)
    attempt = Attempt(
        lesson="lesson-1.1.1", title="Basics", points=0, max_points=4.0, graded_at="2026-11-01T10:00:00Z",
        submission=SubmissionRef(path="", sha256=""), seed=7, reference="live", sandbox="", seconds=0,
        problems=["basics.ipynb is no notebook"], unreadable="basics.ipynb is no notebook", exercises=[one],
    )  # fmt: skip
    view = student_view(attempt, Level.CHECKS)
    first, later = module.outputs(one, view), module.outputs(one, view, said=False)
    assert first[0].text == "0 of 4 points.\n! basics.ipynb is no notebook\n"
    assert len(later) == 1 and grade(first) == grade(later) == 0


def grade(outputs: list[Any]) -> float:
    """The points that nbgrader reads from a cell with these outputs."""
    marks = {"grade": True, "solution": False, "points": 4.0, "grade_id": "grade-e"}
    cell = {"cell_type": "code", "source": "", "outputs": outputs, "metadata": {"nbgrader": marks}}
    points, _ = utils.determine_grade(nbformat.from_dict(cell))
    assert points is not None
    return float(points)


@pytest.mark.parametrize(
    ("points", "read"),
    [(4.0, 4), (1.5, 1.5), (0.0, 0), (-1.0, 0), (4.0000001, 4)],
    ids=["all", "some", "none", "negative would be all", "more than all would fail"],
)
def test_nbgrader_reads_our_points(points: float, read: float) -> None:
    assert grade(outputs(result(points), [])) == read


def test_printed_text_does_not_cost_points() -> None:
    printed = result(3.0, output="Traceback: to stderr\n7.5\n", message="ValueError: \x1b[31mno")
    written = outputs(printed, ["basics.ipynb: a warning"])
    assert grade(written) == 3
    assert "\x1b" not in written[0]["text"]


@pytest.mark.parametrize("level", Level)
def test_nbgrader_reads_the_points_at_every_level(level: Level) -> None:
    assert grade(outputs(result(1.5), ["a problem"], level)) == 1.5


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (Level.NOTHING, "Your submission was graded. Your instructor shows the result later.\n"),
        (Level.TOTAL, "1.5 of 4 points.\n"),
        (Level.EXERCISES, "E: not passed\n"),
        (Level.COUNTS, "E: not passed, 1.5 of 4 points, 0 of 1 checks passed\n"),
        (Level.CHECKS, "E: failed, 1.5 of 4 points\n✗ A claim.\n    no\n"),
    ],
)
def test_the_text_has_what_the_level_shows(level: Level, text: str) -> None:
    assert outputs(result(1.5, message="no"), [], level)[0]["text"] == text


def stock_traps() -> list[tuple[str, list[dict[str, Any]]]]:
    value = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    return [
        ("stderr is zero", [{"output_type": "stream", "name": "stderr", "text": "UserWarning"}]),
        ("negative is all", [{**value, "data": {"text/plain": "-1.0"}}]),
        ("a tensor is all", [{**value, "data": {"text/plain": "tensor(1.)"}}]),
        ("nothing is all", []),
    ]


@pytest.mark.parametrize(("name", "trap"), stock_traps())
def test_this_nbgrader_still_has_the_traps(name: str, trap: list[dict[str, Any]]) -> None:
    assert grade([nbformat.from_dict(o) for o in trap]) == (0 if "zero" in name else 4)
