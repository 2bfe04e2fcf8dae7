"""Notebooks of other courses become lessons that build, whose solutions pass, and nothing of them is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbgrader
import pytest

from blindgrade.catalog import Catalog
from blindgrade.generate.build import build
from blindgrade.imports.lesson import Imported, imported
from blindgrade.imports.notebook import read_notebook
from blindgrade.scaffold.filling import ScaffoldError
from blindgrade.scaffold.lesson import plan_lesson, write_lesson
from blindgrade.verify import trials
from blindgrade.verify.workshop import Workshop

from ..notebooks_of_others import ALGORITHMS, NETWORKS, TENSORS, answer, cell, checked, text, write

MINI = Path(__file__).parents[1] / "courses" / "mini"
QUICKSTART = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source" / "ps1"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__"))))


def made(catalog: Catalog, path: Path, slug: str = "taken") -> Imported:
    plan = plan_lesson(catalog, slug)
    found = imported(read_notebook(path), plan)
    write_lesson(catalog, plan, found.texts)
    return found


def lesson(catalog: Catalog, path: Path) -> tuple[Imported, Workshop]:
    """The lesson, built. Its solution earns everything, its stub nothing, and its checks load in a worker's form."""
    found = made(catalog, path)
    build(Catalog(catalog.root), ["lesson-1.1.2"], check=False)
    workshop = Workshop(catalog.root, "lesson-1.1.2")
    assert trials.solution_earns_all(workshop, "", "", 0) == ""
    assert trials.public_checks_agree_with_their_key(workshop, "", "", 0) == ""
    assert trials.stub_earns_nothing(workshop, "", "", 0) == ""
    return found, workshop


def test_the_assignment_that_nbgrader_brings_is_a_lesson(catalog: Catalog) -> None:
    found, workshop = lesson(catalog, QUICKSTART / "problem1.ipynb")
    assert found.exercises == {"squares": 2.0, "sum_of_squares": 1.0}
    assert workshop.lesson.exercise("sum_of_squares").requires == ["squares"]
    assert "error of squares(-4)" in found.texts.checks and found.checks == 3
    listed = "\n".join(found.notes)
    assert "cell 13 (sum_of_squares_uses_squares): `del squares" in listed
    assert "#     del squares\n#     try:" in found.texts.checks
    for name in ("sum_of_squares_equation", "sum_of_squares_application", "cell-938593c4a215c6cc"):
        assert f"({name}): it is graded by hand" in listed
    stub = workshop.files.stub.read_text()
    assert "State the formulae" in stub and "pyramidal" not in stub and "i^2$" in stub


def test_the_second_assignment_of_nbgrader_has_nothing_that_tests_grade(catalog: Catalog) -> None:
    with pytest.raises(ScaffoldError, match="no cell in which nbgrader grades an answer by tests"):
        read_notebook(QUICKSTART / "problem2.ipynb")


def test_closeness_shapes_and_hidden_tests_of_a_numpy_course(catalog: Catalog, tmp_path: Path) -> None:
    found, workshop = lesson(catalog, write(tmp_path / "n.ipynb", NETWORKS))
    assert found.exercises == {"sigmoid": 5.0, "loss": 3.0}
    public = {check.name: check.public for check in workshop.checks.all}
    assert public == {"test_sigmoid": True, "test_sigmoid_hidden": False, "test_loss": True}
    hidden = next(check for check in workshop.checks.all if not check.public)
    assert (hidden.weight, hidden.atol) == (2.5, pytest.approx(1.5e-5))
    released = workshop.files.public_checks.read_text() + workshop.files.stub.read_text()
    assert "30.0" not in released and "hidden" not in released
    assert [note for note in found.notes if "matplotlib inline" in note]
    assert "pyplot" not in workshop.files.stub.read_text()


def test_errors_classes_and_answers_by_hand_of_a_course_on_algorithms(catalog: Catalog, tmp_path: Path) -> None:
    found, workshop = lesson(catalog, write(tmp_path / "n.ipynb", ALGORITHMS))
    assert found.exercises == {"Stack": 4.0} and workshop.lesson.exercise("Stack").kind == "class"
    assert found.texts.checks.count("error_of(") == 2
    listed = "\n".join(found.notes)
    assert "cell 3 (threshold): the region is outside a function" in listed
    assert "it uses pandas, which checks may import only as a package of the course" in listed
    assert "#     assert Stack().items == []" in found.texts.checks
    released = workshop.files.stub.read_text()
    assert "Prove it." in released and "half for trying" not in released and "Because it is" not in released


def test_tensors_and_modules_of_a_course_on_pytorch(catalog: Catalog, tmp_path: Path) -> None:
    found, workshop = lesson(catalog, write(tmp_path / "n.ipynb", TENSORS))
    assert found.exercises == {"normalize": 2.0, "Double": 2.0} and found.notes == []
    assert workshop.files.stub.read_text().startswith("# Your file for the lesson Taken.")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("assert f(unknown) == 1", "`unknown`, which no cell before it defines"),
        ("while f(1) > 2:\n    pass", "`while` has no form in a check"),
        ("f = 3", "it replaces `f` of the student's file"),
        ("try:\n    f(1)\nfinally:\n    pass", "`try` has a form that is no test of an error"),
        ("assert f(1) ==", "the cell does not parse"),
    ],
)
def test_what_has_no_form_is_listed_with_its_cell_and_kept(
    catalog: Catalog, tmp_path: Path, source: str, reason: str
) -> None:
    code = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
    found = made(catalog, write(tmp_path / "n.ipynb", [answer(code, "f"), checked(source, "odd", 1)]))
    assert any(note.startswith("cell 2 (odd): ") and reason in note for note in found.notes), found.notes
    assert f"#     {source.splitlines()[0]}" in found.texts.checks
    assert any("`f` has no test that is a check" in note for note in found.notes)


def test_nothing_is_run(catalog: Catalog, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    code = f"{trap}\ndef f(x):\n    ### BEGIN SOLUTION\n    return {trap}\n    ### END SOLUTION"
    made(catalog, write(tmp_path / "n.ipynb", [cell(trap), answer(code, "f"), checked(f"{trap}\nassert f(1)", "t", 1)]))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", ["", "{}", '{"cells": 3}', '{"cells": [1]}', "[]"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "n.ipynb").write_text(content)
    with pytest.raises(ScaffoldError, match="is not a notebook that can be read"):
        read_notebook(tmp_path / "n.ipynb")


def test_a_students_version_without_solutions_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [text("# T"), checked("assert f(1)", "t", 1)])
    with pytest.raises(ScaffoldError, match="name the instructor's version"):
        read_notebook(path)
