"""A new course builds, holds all its proofs, is released and grades, as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from blindgrade.catalog import Catalog
from blindgrade.cli.course.group import course
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.generate.build import build
from blindgrade.models import Kind
from blindgrade.release import wheel
from blindgrade.scaffold.course import new_course
from blindgrade.scaffold.exercise import new_exercise
from blindgrade.scaffold.filling import ScaffoldError
from blindgrade.scaffold.lesson import new_lesson, plan_lesson
from blindgrade.systems.targets import release_as
from blindgrade.verify.bench import Effort
from blindgrade.verify.proofs import prove

EFFORT = Effort(seeds=1, mutants=True, workers=os.cpu_count() or 1)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A new course, with a second lesson that has an example of each kind."""
    root = tmp_path_factory.mktemp("new") / "my-course"
    new_course(root)
    catalog = Catalog(root)
    new_lesson(catalog, plan_lesson(catalog, "curves"))
    for name, kind in (("slope", Kind.FUNCTION), ("Scale", Kind.CLASS), ("nearest", Kind.TRAINING)):
        new_exercise(Catalog(root), "curves", name, kind, None)
    build(Catalog(root), ["all"], check=False)
    return Catalog(root)


def test_all_proofs_hold_also_those_of_mutants(catalog: Catalog) -> None:
    proofs = prove(catalog, ["all"], EFFORT)
    assert [(p.name, p.subject, p.detail) for p in proofs if not p.passed] == []
    named = {p.subject.partition(",")[0] for p in proofs if "caught and named" in p.name}
    assert {"fit/gradients_pile_up", "nearest/uphill", "Scale/one_factor", "center_rows/in_place"} <= named
    assert len([p for p in proofs if p.name == "mutants are killed"]) == 2


def test_what_a_person_edits_has_no_escapes(catalog: Catalog) -> None:
    for path in (catalog.root / "course.toml", *catalog.root.rglob("lesson.toml")):
        assert "\\u" not in path.read_text(), path


def test_its_checks_run_under_pytest_as_the_docs_say(catalog: Catalog) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "graders/lesson_1_1_2_curves", "-p", "no:cacheprovider"]
    solved = subprocess.run(command, cwd=catalog.root, capture_output=True, text=True, check=False)
    assert solved.returncode == 0 and "passed" in solved.stdout, solved.stdout + solved.stderr
    command += ["--submission", "exercises"]
    untouched = subprocess.run(command, cwd=catalog.root, capture_output=True, text=True, check=False)
    assert untouched.returncode == 1 and "not written yet" in untouched.stdout, untouched.stdout + untouched.stderr


def test_it_is_released_and_what_is_released_grades_by_its_keys(catalog: Catalog, tmp_path: Path) -> None:
    release_as(catalog, ["all"], "repository", tmp_path / "students")
    released = Catalog(tmp_path / "students")
    targets = released.find(["all"])
    untouched = grade(released, targets, released.root / "exercises", Options(sandbox="process"))
    assert untouched.points == 0
    answer = tmp_path / "linear_regression.py"
    answer.write_text(catalog.files("lesson-1.1.1").solution.read_text())
    solved = grade(released, released.find(["lesson-1.1.1"]), answer, Options(sandbox="process"))
    assert (solved.points, solved.max_points) == (100, 100)


def test_the_wheel_for_students_has_no_solution_of_the_new_course() -> None:
    name, content = wheel.engine_wheel()
    assert b"release/student_template/README.md" in content and name.startswith("blindgrade-")
    assert b"blindgrade/scaffold/" not in content and b"blindgrade/imports/" not in content


def test_the_title_is_the_folders_name_unless_one_is_given(catalog: Catalog, tmp_path: Path) -> None:
    assert catalog.course.title == "My course"
    done = CliRunner().invoke(course, ["new", str(tmp_path / "c"), "--title", 'Nets "and" more'])
    assert done.exit_code == 0 and Catalog(tmp_path / "c").course.title == 'Nets "and" more'
    assert "course new-lesson curves" in done.stdout


def test_a_folder_that_is_not_empty_or_in_a_course_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(ScaffoldError, match="is not empty; choose a new folder"):
        new_course(tmp_path / "full")
    with pytest.raises(ScaffoldError, match="would be inside the course"):
        new_course(catalog.root / "another")
    assert os.listdir(tmp_path / "full") == ["notes.txt"] and not (catalog.root / "another").exists()


@pytest.mark.parametrize(
    ("slug", "reason"),
    [
        ("random", "is the name of a Python module"),
        ("torch", "is the name of a Python module"),
        ("Two lines", "use small letters"),
        ("class", "cannot name a lesson's file"),
        ("linear_regression", "has a lesson linear_regression already"),
    ],
)
def test_a_lesson_with_a_name_that_cannot_be_is_refused(catalog: Catalog, slug: str, reason: str) -> None:
    with pytest.raises(ScaffoldError, match=reason):
        plan_lesson(catalog, slug)


def test_a_lesson_of_a_new_module_gets_its_id_and_keeps_the_comments_of_course_toml(catalog: Catalog) -> None:
    plan = plan_lesson(catalog, "waves", module="2.1", module_title="Later")
    assert plan.files.entry.id == "lesson-2.1.1"
    assert plan.contents.startswith("# The table of contents.") and 'title = "Later"' in plan.contents


@pytest.mark.parametrize(
    ("lesson", "name", "reason"),
    [
        ("curves", "slope", "has a definition slope already"),
        ("curves", "two words", "is not a name in Python"),
        ("lesson-1.1", "f", "is not one lesson"),
    ],
)
def test_an_exercise_that_cannot_be_is_refused_and_nothing_changes(
    catalog: Catalog, lesson: str, name: str, reason: str
) -> None:
    before = catalog.files("lesson-1.1.2").solution.read_text()
    with pytest.raises(ScaffoldError, match=reason):
        new_exercise(catalog, lesson, name, None, None)
    assert catalog.files("lesson-1.1.2").solution.read_text() == before
