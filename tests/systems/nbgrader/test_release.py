"""The course directory for nbgrader, file by file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.release.wheel import engine_wheel
from blindgrade.systems.nbgrader import release as target

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
LESSON = "source/lesson-1.1.1"


def release(root: Path = MINI) -> dict[str, bytes]:
    catalog = Catalog(root)
    return target.files(catalog, catalog.find(["all"]))


def cells(files: dict[str, bytes]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files[f"{LESSON}/basics.ipynb"])["cells"]
    return found


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the miniature course."""
    return Path(shutil.copytree(MINI, tmp_path / "mini"))


def test_the_directory_has_settings_notebook_toys_and_public_checks() -> None:
    public = f"{LESSON}/public_course"
    lesson = f"{public}/exercises/lesson_1_1_1_basics"
    assert sorted(release()) == sorted([
        f"vendor/{engine_wheel()[0]}", "nbgrader_config.py", f"{LESSON}/basics.ipynb", f"{LESSON}/toys.py",
        f"{public}/course.toml",
        f"{lesson}/lesson.toml", f"{lesson}/public_checks.py", f"{lesson}/answer_key.json",
    ])  # fmt: skip


def test_two_releases_are_equal() -> None:
    assert release() == release()


def test_each_exercise_has_a_solution_cell_and_a_grade_cell_after_it() -> None:
    marks = [cell["metadata"]["nbgrader"] for cell in cells(release()) if "nbgrader" in cell["metadata"]]
    assert [(m["grade_id"], m["solution"], m["grade"], m.get("points")) for m in marks] == [
        ("standardize", True, False, None), ("grade-standardize", False, True, 40.0),
        ("correlation", True, False, None), ("grade-correlation", False, True, 40.0),
        ("fit_line", True, False, None), ("grade-fit_line", False, True, 20.0),
    ]  # fmt: skip


def test_cells_of_the_students_notebook_keep_their_ids() -> None:
    ids = [cell["id"] for cell in cells(release())]
    ours = [c["id"] for c in json.loads((MINI / "exercises/lesson_1_1_1_basics/basics.ipynb").read_text())["cells"]]
    assert [i for i in ids if i in ours] == [i for i in ours if i != "course-grade"]
    assert len(set(ids)) == len(ids)


def test_a_cell_that_no_student_sees_is_between_nbgraders_markers() -> None:
    [private] = [cell for cell in cells(release()) if "solution-only" in cell["metadata"].get("tags", ())]
    text = "".join(private["source"])
    assert text.startswith("### BEGIN HIDDEN TESTS\n") and text.endswith("\n### END HIDDEN TESTS")
    assert "def _spread(centered):" in text


def test_public_files_beside_the_notebook_hold_nothing_private() -> None:
    for path, content in release().items():
        if "public_course" in path or path.endswith("toys.py"):
            assert b"_spread(" not in content and b"works_on_a_single_row" not in content, path


def test_the_settings_name_the_course_and_are_python() -> None:
    text = release()["nbgrader_config.py"].decode()
    compile(text, "nbgrader_config.py", "exec")
    assert repr(str(MINI)) in text and "course_id = 'mini'" in text


def test_two_exercises_in_one_cell_are_refused(course: Path) -> None:
    solution = course / "solutions/lesson_1_1_1_basics/basics.py"
    text = solution.read_text()
    start, end = text.index("# %% [markdown]\n# ## Correlation"), text.index("def correlation")
    solution.write_text(text[:start] + text[end:])
    with pytest.raises(CourseError, match="standardize and correlation share a cell"):
        release(course)


def test_an_exercise_without_a_cell_is_refused(course: Path) -> None:
    solution = course / "solutions/lesson_1_1_1_basics/basics.py"
    solution.write_text(solution.read_text().replace("def fit_line", "def fit_a_line"))
    with pytest.raises(CourseError, match="defines no `fit_line`"):
        release(course)


def test_a_course_without_solutions_is_refused(course: Path) -> None:
    shutil.rmtree(course / "solutions")
    with pytest.raises(CourseError, match="release from the course that has the solutions"):
        release(course)


def test_a_missing_answer_key_names_the_command(course: Path) -> None:
    (course / "exercises/lesson_1_1_1_basics/answer_key.json").unlink()
    with pytest.raises(CourseError, match="run `course build`"):
        release(course)


def test_every_lesson_of_the_real_course_can_be_released() -> None:
    catalog = Catalog(TESTS.parent)
    files = target.files(catalog, catalog.find(["all"]))
    for lesson in catalog.ready():
        [name] = [path for path in files if path.startswith(f"source/{lesson.entry.id}/") and path.endswith(".ipynb")]
        points = [c["metadata"].get("nbgrader", {}).get("points", 0) for c in json.loads(files[name])["cells"]]
        assert sum(points) == pytest.approx(catalog.lesson(lesson).max_points)
