from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.course import Course
from blindgrade.release.course_tree import course_toml, look_files, public_files, toml_lines
from blindgrade.release.scan.leaks import LeakError
from blindgrade.render.html.look import look_of
from blindgrade.systems.targets import release_as

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


def themed(catalog: Catalog) -> Catalog:
    catalog.page_templates.mkdir(parents=True)
    catalog.theme.write_text(":root { --link: #123456; }")
    (catalog.page_templates / "student.html").write_text('{% extends "blindgrade/student.html" %}\n')
    return catalog


@pytest.mark.parametrize("target", ["repository", "nbgrader"])
def test_theme_and_templates_go_along_and_samples_and_written_pages_never(
    catalog: Catalog, tmp_path: Path, target: str
) -> None:
    themed(catalog)
    written = catalog.page(["lesson-1.1"], "student")
    for path in (catalog.reports / "README.md", catalog.samples / "student.html", written):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not for students")
    release_as(catalog, ["all"], target, tmp_path / "to")
    found = {p.as_posix().split("reports/")[1] for p in (tmp_path / "to").rglob("reports/**/*") if p.is_file()}
    assert found == {"theme.css", "templates/student.html"}


def test_a_page_of_the_released_course_has_the_theme(catalog: Catalog, tmp_path: Path) -> None:
    release_as(themed(catalog), ["all"], "repository", tmp_path / "to")
    assert look_of(Catalog(tmp_path / "to")).theme.light == "--link: #123456;"


@pytest.mark.parametrize("name", ["theme.css", "templates/student.html"])
@pytest.mark.parametrize("target", ["repository", "nbgrader"])
def test_a_leak_in_the_theme_or_a_template_stops_the_release(
    catalog: Catalog, tmp_path: Path, name: str, target: str
) -> None:
    solution = catalog.files("lesson-1.1.1").solution.read_text(encoding="utf-8").splitlines()
    answer = solution[next(n for n, line in enumerate(solution) if "BEGIN SOLUTION" in line) + 1].strip()
    path = themed(catalog).reports / name
    path.write_text(path.read_text() + (f"\n/* {answer} */" if name.endswith("css") else f"{{# {answer} #}}"))
    with pytest.raises(LeakError, match=f"reports/{name}:2: "):
        release_as(catalog, ["all"], target, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [("theme.css", "\n@import 'x';"), ("templates/student.html", "\n{% block closing %}{{ oops }")],
)
def test_a_broken_theme_or_template_is_not_released(catalog: Catalog, name: str, text: str) -> None:
    (themed(catalog).reports / name).write_text(text)
    with pytest.raises(CourseError, match=f"reports/{name}:2: "):
        public_files(catalog, catalog.find(["all"]))


def test_a_page_template_that_is_a_link_is_not_released(catalog: Catalog, tmp_path: Path) -> None:
    private = tmp_path / "private.html"
    private.write_text("<p>an answer</p>")
    catalog.page_templates.mkdir(parents=True, exist_ok=True)
    (catalog.page_templates / "notes.html").symlink_to(private)
    with pytest.raises(CourseError, match=r"notes\.html is a symbolic link"):
        look_files(catalog)
