"""The nbgrader target with the real nbgrader: source, release, collect, autograde, feedback, export."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from blindgrade.catalog import Catalog
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Level, Outcome, SubmissionRef
from blindgrade.student_view import student_view
from blindgrade.systems.nbgrader import preprocessors

from .nbgrader_course import (
    FORGED,
    LESSON,
    MINI,
    RIGHT,
    Cells,
    half,
    hostile,
    nbgrader,
    notebook,
    released_cells,
    right,
    write,
)

STUDENTS: dict[str, Callable[[Cells], Cells]] = {"right": right, "half": half, "hostile": hostile}


@dataclass
class Run:
    root: Path
    log: str
    codes: list[int]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.root / "gradebook.db") as db:
            return db.execute(query).fetchall()

    def scores(self, student: str) -> dict[str, float]:
        query = (
            "SELECT base_cell.name, grade.auto_score FROM grade JOIN base_cell ON base_cell.id = grade.cell_id"
            " JOIN submitted_notebook n ON n.id = grade.notebook_id"
            f" JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = '{student}'"
        )
        return dict(self.rows(query))

    def comments(self, student: str) -> dict[str, str | None]:
        query = (
            "SELECT base_cell.name, comment.auto_comment FROM comment JOIN base_cell ON base_cell.id = comment.cell_id"
            " JOIN submitted_notebook n ON n.id = comment.notebook_id"
            f" JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = '{student}'"
        )
        return dict(self.rows(query))

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / LESSON / "basics.html").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One pass through the whole pipeline."""
    root = tmp_path_factory.mktemp("nbgrader")
    write(root)
    exchange = root / "exchange"
    exchange.mkdir(mode=0o777)
    where = [f"--Exchange.root={exchange}"]
    codes, log = nbgrader(
        root,
        ["generate_assignment", LESSON],
        ["validate", f"source/{LESSON}/basics.ipynb"],
        ["validate", f"release/{LESSON}/basics.ipynb"],
        ["release_assignment", LESSON, *where],
    )
    for number, (student, submit) in enumerate(STUDENTS.items()):
        # What `nbgrader submit` leaves; it takes the name from the operating system's user, of which a test has one.
        inbound = (
            exchange / "mini" / "inbound" / f"{student}+{LESSON}+2026-11-0{number + 1} 10:00:00.000000 UTC+x{number}"
        )
        inbound.mkdir(parents=True)
        (inbound / "timestamp.txt").write_text(f"2026-11-0{number + 1} 10:00:00.000000 UTC")
        (inbound / "basics.ipynb").write_text(notebook(submit(released_cells(root))))
    more, said = nbgrader(
        root,
        ["collect", LESSON, "--ExchangeCollect.check_owner=False", *where],
        ["autograde", LESSON],
        ["generate_feedback", LESSON],
        ["export"],
    )
    return Run(root, log + said, [*codes, *more])


def test_every_command_of_nbgrader_succeeds(run: Run) -> None:
    assert run.codes == [0] * 8, run.log
    assert "Notebook JSON is invalid" not in run.log


def test_the_released_notebook_is_the_stub_with_grade_cells(run: Run) -> None:
    text = (run.root / "release" / LESSON / "basics.ipynb").read_text()
    assert text.count("raise NotImplementedError") == 3
    marks = [cell["metadata"].get("nbgrader", {}) for cell in released_cells(run.root)]
    assert [mark["points"] for mark in marks if mark.get("grade")] == [40, 40, 20]


def readable(path: Path) -> str:
    """A file's text, without the escapes of JSON and HTML."""
    text = path.read_text()
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) + str(cell.get("outputs")) for cell in json.loads(text)["cells"])
    return html.unescape(re.sub(r"<[^>]+>", "", text)) if path.suffix == ".html" else text


def private_lines() -> set[str]:
    """Lines of regions, solution-only cells, hidden checks and misconceptions that are in no public file."""
    public = "\n".join(readable(path) for path in (MINI / "exercises").rglob("*") if path.suffix in (".py", ".ipynb"))
    lines: set[str] = set()
    for path in [*(MINI / "solutions").rglob("*.py"), *(MINI / "graders").rglob("*.py")]:
        lines |= {line.strip() for line in path.read_text().splitlines()}
    claims = re.compile(r'^"""|^#|^def refuses|^hint=')
    return {line for line in lines if len(line) > 12 and line not in public and not claims.match(line)}


@pytest.mark.parametrize("folder", ["release", "feedback", "exchange"])
def test_nothing_private_is_in_what_students_get(run: Run, folder: str) -> None:
    wanted = private_lines()
    assert "return centered / _spread(centered)" in wanted and "one, two = rng.normal(4, 1), rng.normal(4, 2)" in wanted
    own = RIGHT + FORGED if folder == "feedback" else ""  # a student reads there what the student wrote
    for path in (run.root / folder).rglob("*"):
        if path.is_file() and "inbound" not in path.parts:
            shown = readable(path)
            assert not [line for line in wanted if line in shown and line not in own], path


def test_the_source_notebook_holds_the_solutions_and_validates(run: Run) -> None:
    assert "_spread(centered)" in (run.root / "source" / LESSON / "basics.ipynb").read_text()
    assert "Success! Your notebook passes all the tests." in run.log


def test_an_untouched_notebook_does_not_validate(run: Run) -> None:
    assert "VALIDATION FAILED ON 3 CELL(S)!" in run.log
    assert run.log.count("1 of 1 public checks failed") >= 3


def test_points_are_those_of_our_grader_with_partial_credit(run: Run) -> None:
    names = ["grade-standardize", "grade-correlation", "grade-fit_line"]
    assert [run.scores("right")[n] for n in names] == [40, 40, 20]
    assert [run.scores("half")[n] for n in names] == [32, 0, 20]
    assert [run.scores("hostile")[n] for n in names] == [0, 0, 0]


def test_no_grade_waits_for_an_instructor(run: Run) -> None:
    assert run.rows("SELECT count(*) FROM grade") == [(9,)]
    assert run.rows("SELECT count(*) FROM grade WHERE needs_manual_grade OR auto_score IS NULL") == [(0,)]


def test_the_diagnosis_is_the_exercises_comment(run: Run) -> None:
    comments = run.comments("half")
    assert comments["fit_line"] is None
    assert comments["correlation"] == "Not attempted."
    assert comments["standardize"] == (
        "- ✗ One value has no spread and raises ValueError; two values have one. → How many values does a spread need?"
    )


def test_feedback_shows_points_and_comment_and_runs_nothing_of_the_students(run: Run) -> None:
    text = run.feedback("half")
    assert "How many values does a spread need?" in text
    assert "32.0 / 40.0" in text
    body = run.feedback("hostile").split("<body", 1)[1]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>alert(1)" not in body
    assert "javascript:y" not in re.sub(r"<pre>.*?</pre>", "", body, flags=re.DOTALL)


def test_no_cell_ran_in_a_kernel(run: Run) -> None:
    assert not list(run.root.rglob("ran-here"))
    for student in STUDENTS:
        cells = json.loads((run.root / "autograded" / student / LESSON / "basics.ipynb").read_text())["cells"]
        graded = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]
        assert len(graded) == 3
        assert [c for c in cells if c.get("outputs")] == graded
        assert {o.get("name", o["output_type"]) for c in graded for o in c["outputs"]} == {"stdout", "execute_result"}


def test_forged_metadata_neither_stops_the_class_nor_earns_points(run: Run) -> None:
    cells = json.loads((run.root / "autograded/hostile" / LESSON / "basics.ipynb").read_text())["cells"]
    marks = [c["metadata"]["nbgrader"] for c in cells if "nbgrader" in c["metadata"]]
    assert sorted(m["grade_id"] for m in marks) == sorted(
        ["standardize", "correlation", "fit_line", "grade-standardize", "grade-correlation", "grade-fit_line"]
    )
    assert {m["schema_version"] for m in marks} == {3}
    assert "wish" not in str(marks)


def test_export_has_the_totals(run: Run) -> None:
    with open(run.root / "grades.csv", newline="") as file:
        totals = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert totals == {"right": (100, 100), "half": (52, 100), "hostile": (0, 100)}


def test_grading_again_keeps_an_instructors_score(run: Run) -> None:
    with sqlite3.connect(run.root / "gradebook.db") as db:
        db.execute("UPDATE grade SET manual_score = 7 WHERE auto_score = 32")
    codes, log = nbgrader(run.root, ["autograde", LESSON, "--force", "--student", "half"])
    assert codes == [0], log
    assert run.rows("SELECT auto_score, manual_score, needs_manual_grade FROM grade WHERE manual_score = 7") == [
        (32.0, 7.0, 1)
    ]


def test_a_missing_course_is_refused_and_no_points_are_written(run: Run, tmp_path: Path) -> None:
    codes, log = nbgrader(
        run.root, ["autograde", LESSON, "--force", "--student", "right"], BLINDGRADE_COURSE=str(tmp_path)
    )
    assert codes == [1]
    assert "set c.GradeInSandbox.course in nbgrader_config.py" in log
    assert not (run.root / "autograded" / "right" / LESSON).exists()


def test_stock_nbgrader_without_our_settings_releases_no_solution(run: Run, tmp_path: Path) -> None:
    (tmp_path / "source").symlink_to(run.root / "source")
    codes, log = nbgrader(tmp_path, ["generate_assignment", LESSON])
    assert codes == [1]
    assert "Hidden test region detected in a non-grade cell" in log
    assert not list((tmp_path / "release").rglob("*.ipynb"))


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


def test_metadata_is_written_again_for_any_metadata_in_the_submission(url: str) -> None:
    found = restored(
        url, {"grade_id": "e", "schema_version": 99, "points": 7, "mine": 1}, ["no", "dict"], {"grade_id": "x"}
    )
    assert found[0] == {
        "source": "# 0", "grade_id": "e", "grade": False, "solution": True, "locked": False, "task": False,
        "schema_version": 3, "cell_type": "code",
    }  # fmt: skip
    assert [set(cell) for cell in found[1:3]] == [{"source"}, {"source"}]


def test_the_last_copy_of_a_cell_counts(url: str) -> None:
    found = restored(url, {"grade_id": "e"}, {"grade_id": "e"})
    assert [cell.get("grade_id") for cell in found] == [None, "e", "grade-e"]


def test_a_deleted_grade_cell_comes_back(url: str) -> None:
    assert restored(url)[-1] == {
        "source": "# text", "grade_id": "grade-e", "grade": True, "solution": False, "locked": True, "task": False,
        "schema_version": 3, "cell_type": "code", "points": 4.0,
    }  # fmt: skip


def save(url: str, outcome: Outcome) -> list[tuple[float | None, bool, str | None]]:
    """Rows in the gradebook after a grading with that outcome."""
    cell = {"cell_type": "code", "source": "", "outputs": [], "metadata": {}}
    nb = nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    about = {"notebook": "basics", "assignment": "lesson-1", "student": "ana", "db_url": url}
    with Gradebook(url) as gradebook:
        row = gradebook.find_grade("grade-e", "basics", "lesson-1", "ana")
        row.needs_manual_grade = False
        gradebook.db.commit()

    check = CheckResult(name="c", claim="A claim.", public=True, outcome=outcome)

    result = ExerciseResult(
        name="e", title="E", outcome=outcome, points=2.0, max_points=4.0, concepts=[], checks=[check]
    )
    attempt = Attempt(
        lesson="lesson-1", title="", points=2.0, max_points=4.0, submission=SubmissionRef(path="", sha256=""),
        graded_at="2026-11-01T10:00:00Z", seed=1, reference="live", sandbox="", seconds=0, exercises=[result],
    )  # fmt: skip
    view = student_view(attempt, Level.CHECKS)
    left = {preprocessors.ATTEMPT: attempt, preprocessors.VIEW: view}
    preprocessors.SaveComments().preprocess(nb, {"nbgrader": about, **left})
    with Gradebook(url) as gradebook:
        row = gradebook.find_grade("grade-e", "basics", "lesson-1", "ana")
        said = gradebook.find_comment("e", "basics", "lesson-1", "ana").auto_comment
        return [(row.auto_score, row.needs_manual_grade, said)]


def test_a_fault_of_the_grader_waits_for_an_instructor(url: str) -> None:
    [(_, waits, said)] = save(url, Outcome.ERROR)
    assert waits and said is not None and "your instructor will look" in said


def test_a_failure_of_the_student_does_not_wait_for_an_instructor(url: str) -> None:
    [(_, waits, said)] = save(url, Outcome.FAILED)
    assert not waits and said == "- ✗ A claim."


@pytest.mark.parametrize(
    ("due", "level", "warned"), [("2999", Level.EXERCISES, 1), ("2020", Level.CHECKS, 0)], ids=["before", "after"]
)
def test_the_policy_of_the_moment_decides_what_the_notebook_has(
    tmp_path: Path, due: str, level: Level, warned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__")))
    with open(course / "course.toml", "a") as file:
        file.write(f'[policy.due]\n"lesson-1.1.1" = {due}-01-01T00:00:00Z\n[policy.feedback]\nbefore = "exercises"\n')
    said: list[object] = []
    monkeypatch.setattr(preprocessors, "_warned", set())
    grading = preprocessors.GradeInSandbox()
    monkeypatch.setattr(grading.log, "warning", lambda *words: said.append(words))
    [target] = Catalog(course).find(["lesson-1.1.1"])
    assert [grading._level(target) for _ in range(2)] == [level, level]
    assert len(said) == warned  # nbgrader's own page shows more than `exercises`; once is enough
