"""nbgrader's own reading of what we write into a grade cell, trap by trap, and cells that a student broke."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader import utils
from nbgrader.api import Gradebook

from blindgrade.catalog import Catalog
from blindgrade.models import CheckResult, ExerciseResult, Outcome
from blindgrade.systems.nbgrader import preprocessors


def result(points: float, outcome: Outcome = Outcome.FAILED, **fields: Any) -> ExerciseResult:
    check = CheckResult(name="c", claim="A claim.", public=True, outcome=outcome, message=fields.pop("message", ""))
    return ExerciseResult(
        name="e", title="E", outcome=outcome, points=points, max_points=4.0, concepts=[], checks=[check], **fields
    )


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
    assert grade(preprocessors._outputs(result(points), [])) == read


def test_what_the_code_printed_does_not_make_zero() -> None:
    printed = result(3.0, output="Traceback: to stderr\n7.5\n", message="ValueError: \x1b[31mno")
    outputs = preprocessors._outputs(printed, ["basics.ipynb: a warning"])
    assert grade(outputs) == 3
    assert "\x1b" not in outputs[0]["text"]


def stock_traps() -> list[tuple[str, list[dict[str, Any]]]]:
    value = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    return [
        ("stderr is zero", [{"output_type": "stream", "name": "stderr", "text": "UserWarning"}]),
        ("negative is all", [{**value, "data": {"text/plain": "-1.0"}}]),
        ("a tensor is all", [{**value, "data": {"text/plain": "tensor(1.)"}}]),
        ("nothing is all", []),
    ]


@pytest.mark.parametrize(("name", "outputs"), stock_traps())
def test_the_traps_are_still_there_in_this_nbgrader(name: str, outputs: list[dict[str, Any]]) -> None:
    assert grade([nbformat.from_dict(o) for o in outputs]) == (0 if "zero" in name else 4)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A gradebook that knows one exercise and one student."""
    url = f"sqlite:///{tmp_path_factory.mktemp('gradebook')}/gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # nbgrader calls alembic
        gradebook = Gradebook(url)
    with gradebook:
        gradebook.add_assignment("lesson-1")
        gradebook.add_notebook("basics", "lesson-1")
        gradebook.add_solution_cell("e", "basics", "lesson-1")
        gradebook.add_grade_cell("grade-e", "basics", "lesson-1", max_score=4.0, cell_type="code")
        for name in ("e", "grade-e"):
            gradebook.add_source_cell(name, "basics", "lesson-1", cell_type="code", locked=name != "e", source="# text")
        gradebook.add_student("ana")
        gradebook.add_submission("lesson-1", "ana")
    return url


def restored(url: str, *marks: Any) -> list[dict[str, Any]]:
    """nbgrader's metadata of a notebook whose cells said `marks`, after our restoring."""
    cells = [
        {
            "cell_type": "code",
            "source": f"# {n}",
            "outputs": [],
            "execution_count": None,
            "metadata": {"nbgrader": mark},
        }
        for n, mark in enumerate(marks)
    ]
    nb = nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    about = {"notebook": "basics", "assignment": "lesson-1", "student": "ana", "db_url": url}
    nb, _ = preprocessors.RestoreCells().preprocess(nb, {"nbgrader": about})
    return [{"source": c.source, **c.metadata.get("nbgrader", {})} for c in nb.cells]


def test_metadata_is_written_anew_whatever_the_student_left(url: str) -> None:
    found = restored(
        url, {"grade_id": "e", "schema_version": 99, "points": 7, "mine": 1}, ["no", "dict"], {"grade_id": "x"}
    )
    assert found[0] == {
        "source": "# 0", "grade_id": "e", "grade": False, "solution": True, "locked": False, "task": False,
        "schema_version": 3, "cell_type": "code",
    }  # fmt: skip
    assert [set(cell) for cell in found[1:3]] == [{"source"}, {"source"}]


def test_of_a_copied_cell_the_last_one_counts(url: str) -> None:
    found = restored(url, {"grade_id": "e"}, {"grade_id": "e"})
    assert [cell.get("grade_id") for cell in found] == [None, "e", "grade-e"]


def test_a_deleted_grade_cell_comes_back(url: str) -> None:
    assert restored(url)[-1] == {
        "source": "# text", "grade_id": "grade-e", "grade": True, "solution": False, "locked": True, "task": False,
        "schema_version": 3, "cell_type": "code", "points": 4.0,
    }  # fmt: skip


def save(url: str, outcome: Outcome) -> list[tuple[float | None, bool, str | None]]:
    """What the gradebook holds after a grading with that outcome."""
    cell = {"cell_type": "code", "source": "", "outputs": [], "metadata": {}}
    nb = nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    about = {"notebook": "basics", "assignment": "lesson-1", "student": "ana", "db_url": url}
    with Gradebook(url) as gradebook:
        row = gradebook.find_grade("grade-e", "basics", "lesson-1", "ana")
        row.needs_manual_grade = False
        gradebook.db.commit()

    class Exercises:
        exercises = [result(2.0, outcome)]

    preprocessors.SaveComments().preprocess(nb, {"nbgrader": about, preprocessors.ATTEMPT: Exercises})
    with Gradebook(url) as gradebook:
        row = gradebook.find_grade("grade-e", "basics", "lesson-1", "ana")
        said = gradebook.find_comment("e", "basics", "lesson-1", "ana").auto_comment
        return [(row.auto_score, row.needs_manual_grade, said)]


def test_a_fault_of_the_grader_waits_for_a_person(url: str) -> None:
    [(_, waits, said)] = save(url, Outcome.ERROR)
    assert waits and said is not None and "your instructor will look" in said


def test_a_failure_of_the_student_waits_for_nobody(url: str) -> None:
    [(_, waits, said)] = save(url, Outcome.FAILED)
    assert not waits and said == "- ✗ A claim."


def test_a_notebook_that_cannot_be_read_earns_nothing_and_says_why() -> None:
    catalog = Catalog(Path(__file__).parents[2] / "courses" / "mini")
    [target] = catalog.find(["lesson-1.1.1"])
    source = "def f():\n    return '" + "x" * (3 << 20) + "'"
    cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, "execution_count": None}
    nb = nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    attempt = preprocessors._grade(target, nb, "strict")
    assert (attempt.points, [r.points for r in attempt.exercises]) == (0, [0, 0, 0])
    assert attempt.problems[0].startswith("basics.ipynb holds more than 2 MiB of code")
    outputs = preprocessors._outputs(attempt.exercises[0], attempt.problems)
    assert "2 MiB" in outputs[0]["text"] and grade(outputs) == 0


def test_everybody_gets_the_same_inputs_until_the_course_is_changed(tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(Path(__file__).parents[2] / "courses" / "mini", course)
    [target] = Catalog(course).find(["lesson-1.1.1"])
    first = preprocessors._kept_for(target, "strict")
    assert preprocessors._kept_for(target, "strict") is first and first.options.seed is not None
    checks = target.files.private_checks
    changed = checks.stat().st_mtime_ns + 1_000_000_000
    os.utime(checks, ns=(changed, changed))
    other = preprocessors._kept_for(target, "strict")
    assert other.references is not first.references and other.options.seed != first.options.seed


def test_the_instructors_own_notebook_is_not_graded_as_a_students() -> None:
    cell = {
        "cell_type": "code",
        "source": "def e():\n    ### BEGIN SOLUTION\n    return 1",
        "outputs": [],
        "metadata": {},
    }
    nb = nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    about = {"notebook": "basics", "assignment": "lesson-1.1.1", "student": "ana", "db_url": "sqlite://"}
    with pytest.raises(preprocessors.CannotGrade, match="handed in a link"):
        preprocessors.GradeInSandbox().preprocess(nb, {"nbgrader": about})


def test_a_machine_without_a_sandbox_is_refused_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.engine.grading import runner, warm_process

    def refuse(*arguments: object) -> None:
        raise warm_process.SandboxMissing("this machine cannot isolate the code that is graded: seccomp")

    monkeypatch.setattr(runner, "grade", refuse)
    [target] = Catalog(Path(__file__).parents[2] / "courses" / "mini").find(["lesson-1.1.1"])
    nb = nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    with pytest.raises(preprocessors.CannotGrade, match="cannot isolate.*seccomp"):
        preprocessors._grade(target, nb, "strict")
