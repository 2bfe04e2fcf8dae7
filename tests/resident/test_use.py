"""Whether a resident may serve: every way to turn it off, and the places where it never runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.resident.use import course_of, refusal

MINI = Path(__file__).parents[1] / "courses" / "mini"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "course.toml").write_text('title = "One"\n')
    (tmp_path / "exercises").mkdir()
    return tmp_path


@pytest.mark.parametrize("folder", [MINI, MINI / "exercises", MINI / "exercises" / "lesson_1_1_1_basics", Path("/")])
def test_the_course_is_the_one_that_the_catalog_finds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for given in ({}, {"BLINDGRADE_COURSE": str(MINI / "graders")}):
        monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        try:
            root = Catalog.locate().root
        except CourseError:
            root = None
        assert course_of(folder, given) == root


def test_a_released_course_may_have_one(course: Path) -> None:
    assert refusal(course, {}) == refusal(course, {"CI": "false"}) == ""


@pytest.mark.parametrize(
    ("environ", "why"), [({"CI": "true"}, "CI"), ({"CI": "1"}, "CI"), ({"BLINDGRADE_RESIDENT": "0"}, "turns it off"),
                         ({"BLINDGRADE_RESIDENT": "Off"}, "turns it off")],
)  # fmt: skip
def test_a_variable_turns_it_off(course: Path, environ: dict[str, str], why: str) -> None:
    assert why in refusal(course, environ)


@pytest.mark.parametrize("tree", ["solutions", "graders"])
def test_a_course_with_a_private_tree_never_has_one(course: Path, tree: str) -> None:
    (course / tree).mkdir()
    assert f"{tree}/" in refusal(course, {})


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("resident = false\n", False),
        ("resident = true\n", True),
        ("# resident = false\n", True),
        ("resident = ", False),
    ],
)
def test_course_toml_turns_it_off(course: Path, text: str, may: bool) -> None:
    (course / "course.toml").write_text(text)
    assert (refusal(course, {}) == "") is may
