"""One submitted notebook is graded: what is refused, what earns nothing, and what stays for the next submission."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest

from blindgrade.catalog import Catalog
from blindgrade.models import Level
from blindgrade.student_view import student_view
from blindgrade.systems.nbgrader import notebook_grading
from blindgrade.systems.nbgrader.notebook_grading import CannotGrade, grade_notebook
from blindgrade.systems.nbgrader.outputs import outputs
from blindgrade.systems.nbgrader.preprocessors import GradeInSandbox


def test_a_notebook_that_cannot_be_read_earns_nothing_and_says_why() -> None:
    catalog = Catalog(Path(__file__).parents[2] / "courses" / "mini")
    [target] = catalog.find(["lesson-1.1.1"])
    source = "def f():\n    return '" + "x" * (3 << 20) + "'"
    cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, "execution_count": None}
    nb = nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    attempt = grade_notebook(target, nb, "strict")
    assert (attempt.points, [r.points for r in attempt.exercises]) == (0, [0, 0, 0])
    assert attempt.problems[0].startswith("basics.ipynb contains more than 2 MiB of code")
    [text, value] = outputs(attempt.exercises[0], student_view(attempt, Level.CHECKS))
    assert "2 MiB" in text["text"] and value["data"] == {"text/plain": "0.0"}


def test_every_student_gets_the_same_inputs_until_the_course_changes(tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(Path(__file__).parents[2] / "courses" / "mini", course)
    [target] = Catalog(course).find(["lesson-1.1.1"])
    first = notebook_grading._kept_for(target, "strict")
    assert notebook_grading._kept_for(target, "strict") is first and first.options.seed is not None
    checks = target.files.private_checks
    changed = checks.stat().st_mtime_ns + 1_000_000_000
    os.utime(checks, ns=(changed, changed))
    other = notebook_grading._kept_for(target, "strict")
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
    with pytest.raises(CannotGrade, match="may have submitted a link"):
        GradeInSandbox().preprocess(nb, {"nbgrader": about})


def test_a_machine_without_a_sandbox_is_refused_with_the_sandboxs_own_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.engine.grading import runner, warm_process

    def refuse(*arguments: object) -> None:
        raise warm_process.SandboxMissing("this machine cannot isolate the code that is graded: seccomp")

    monkeypatch.setattr(runner, "grade", refuse)
    [target] = Catalog(Path(__file__).parents[2] / "courses" / "mini").find(["lesson-1.1.1"])
    nb = nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    with pytest.raises(CannotGrade, match="cannot isolate.*seccomp"):
        grade_notebook(target, nb, "strict")
