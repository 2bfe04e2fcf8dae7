"""A course that changes while it is served."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.service.course_files import CourseFiles

from ..served import FOLDER, MINI


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_change_counts_when_it_is_steady_and_once(course: Path) -> None:
    said: list[str] = []
    files = CourseFiles(course, said.append)
    assert not files.changed()
    checks = course / "graders" / FOLDER / "checks.py"
    checks.write_text(checks.read_text() + "\n# a line more\n")
    assert not files.changed()  # somebody may be writing it
    assert files.changed() and not files.changed()
    assert len(said) == 1 and "starts again" in said[0]
    (course / "solutions" / FOLDER / "more.py").write_text("x = 1\n")
    assert (files.changed(), files.changed()) == (False, True)


def test_a_change_that_is_wrong_is_named_and_not_taken(course: Path) -> None:
    said: list[str] = []
    files = CourseFiles(course, said.append)
    contents = (course / "course.toml").read_text()
    (course / "course.toml").write_text(contents + "\nnonsense = [\n")
    assert [files.changed() for _ in range(4)] == [False] * 4
    assert len(said) == 1 and "not right" in said[0] and "course.toml" in said[0]
    (course / "course.toml").write_text(contents + "\n")
    assert (files.changed(), files.changed()) == (False, True)


def test_what_python_and_editors_leave_behind_is_no_change(course: Path) -> None:
    files = CourseFiles(course, lambda _: None)
    (course / "graders" / "__pycache__").mkdir()
    (course / "graders" / "__pycache__" / "checks.pyc").write_text("")
    (course / "attempts").mkdir()
    (course / "attempts" / "x.json").write_text("")
    assert (files.changed(), files.changed()) == (False, False)
