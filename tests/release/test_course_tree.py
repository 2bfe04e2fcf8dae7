from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.models import Course
from blindgrade.release.course_tree import course_toml, public_files, toml_lines

LESSON = "exercises/lesson_1_1_1_basics"
SECOND = '\n[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "more"\ntitle = "More"\n'


def test_the_public_trees_alone_are_released(catalog: Catalog) -> None:
    names = {"basics.py", "basics.ipynb", "lesson.toml", "public_checks.py", "answer_key.json"}
    expected = {"course.toml", "exercises/toys.py", *(f"{LESSON}/{name}" for name in names)}
    assert set(public_files(catalog, catalog.find(["all"]))) == expected


def test_an_unreleased_lesson_has_another_message_than_a_planned_one(catalog: Catalog, tmp_path: Path) -> None:
    text = (catalog.root / "course.toml").read_text()
    (catalog.root / "course.toml").write_text(text.replace("\n[[concept]]", f"{SECOND}\n[[concept]]", 1))
    released = tmp_path / "released"
    released.mkdir()
    made = course_toml(Catalog(catalog.root).course, {"lesson-1.1.1"})
    (released / "course.toml").write_text(made)
    assert [e.status for e in Catalog(released).entries] == ["ready", "unreleased"]
    with pytest.raises(UnknownId, match="lesson-1.1.2 is not released yet"):
        Catalog(released).find(["lesson-1.1.2"])


def test_every_value_survives_the_writing(catalog: Catalog) -> None:
    said = 'quotes ", \\backslash, a\ttab,\nlines, ünï and 🙂'
    course = catalog.course.model_copy(update={"summary": said})
    assert Course.model_validate(tomllib.loads(course_toml(course, {"lesson-1.1.1"}))) == course


def test_tables_whose_keys_have_dots_are_written_so_that_toml_reads_them() -> None:
    data = {
        "a": [1, 2.5, True],
        "due": {"lesson-7.2.1": "2026-10-01T12:00:00Z"},
        "b c": {"d": [{"e": "f"}, {"g": {"h.i": 1}}]},
    }
    assert tomllib.loads("\n".join(toml_lines(data))) == data


@pytest.mark.parametrize("name", ["basics.py", "basics.ipynb"])
def test_a_stub_that_differs_from_the_solution_is_not_released(catalog: Catalog, name: str) -> None:
    path = catalog.root / LESSON / name
    path.write_text(path.read_text().replace("Three small exercises", "Four small exercises"))
    with pytest.raises(CourseError, match=rf"{name} is out of date; run `course build"):
        public_files(catalog, catalog.find(["all"]))


def test_a_missing_answer_key_is_named_with_the_command(catalog: Catalog) -> None:
    (catalog.root / LESSON / "answer_key.json").unlink()
    with pytest.raises(CourseError, match="answer_key.json is missing; run `course build lesson-1.1.1`"):
        public_files(catalog, catalog.find(["all"]))
