from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.release.merge_into import PlacingError
from blindgrade.systems.targets import release_as

STUB = "exercises/lesson_1_1_1_basics/basics.py"


def test_a_released_course_is_a_course_without_its_private_trees(catalog: Catalog, tmp_path: Path) -> None:
    summary = release_as(catalog, ["lesson-1.1"], "repository", tmp_path / "to")
    assert summary.lessons == ["lesson-1.1.1"] and summary.scanned and not summary.differing
    there = Catalog(tmp_path / "to")
    (target,) = there.find(["all"])
    assert target.files.checks == target.files.public_checks
    assert not (there.root / "solutions").exists() and not (there.root / "graders").exists()


def test_a_second_release_keeps_what_the_student_wrote_and_names_what_differs(catalog: Catalog, tmp_path: Path) -> None:
    to = tmp_path / "to"
    release_as(catalog, ["all"], "repository", to)
    (to / STUB).write_text("# my answers\n")
    for path in (catalog.root / STUB, catalog.root / "solutions" / STUB.removeprefix("exercises/")):
        path.write_text(path.read_text().replace("Three small exercises", "Four small exercises"))
    notebook = catalog.root / STUB.replace(".py", ".ipynb")
    notebook.write_text(notebook.read_text().replace("Three small exercises", "Four small exercises"))
    summary = release_as(catalog, ["all"], "repository", to)
    assert (to / STUB).read_text() == "# my answers\n"
    assert "+# Four small exercises" in summary.differing[STUB]
    assert summary.updated == [STUB.replace(".py", ".ipynb")]


def test_lessons_that_were_released_before_stay_released(catalog: Catalog, tmp_path: Path) -> None:
    second = Path(shutil.copytree(catalog.root, tmp_path / "second"))
    for tree in ("exercises", "solutions", "graders"):
        shutil.copytree(second / tree / "lesson_1_1_1_basics", second / tree / "lesson_1_1_2_basics")
    entry = '\n[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "basics"\ntitle = "Again"\n\n[[concept]]'
    text = (second / "course.toml").read_text()
    (second / "course.toml").write_text(text.replace("\n[[concept]]", entry, 1))
    key = second / "exercises" / "lesson_1_1_2_basics" / "answer_key.json"
    key.write_text(key.read_text().replace("lesson-1.1.1", "lesson-1.1.2"))
    to = tmp_path / "to"
    release_as(Catalog(second), ["lesson-1.1.1"], "repository", to)
    assert [e.status for e in Catalog(to).entries] == ["ready", "unreleased"]
    summary = release_as(Catalog(second), ["lesson-1.1.2"], "repository", to)
    assert summary.lessons == ["lesson-1.1.1", "lesson-1.1.2"] and not summary.removed
    assert [e.status for e in Catalog(to).entries] == ["ready", "ready"]


def test_a_part_of_a_lesson_is_not_released(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="a release needs whole lessons; name lesson-1.1.1"):
        release_as(catalog, ["lesson-1.1.1/standardize"], "repository", tmp_path)
    with pytest.raises(UnknownId):
        release_as(catalog, ["lesson-9"], "repository", tmp_path)


def test_a_folder_holds_one_kind_of_release(catalog: Catalog, tmp_path: Path) -> None:
    release_as(catalog, ["all"], "repository", tmp_path / "to")
    (tmp_path / "to" / ".blindgrade" / "released.json").write_text('{"target": "nbgrader"}')
    with pytest.raises(PlacingError, match="contains a release as nbgrader; choose another folder"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")


def test_a_release_does_not_go_into_the_course_itself(catalog: Catalog) -> None:
    for folder in (catalog.root, catalog.root / "exercises" / "new", catalog.build):
        with pytest.raises(PlacingError, match="is part of the course itself"):
            release_as(catalog, ["all"], "repository", folder)
    assert release_as(catalog, ["all"], "repository", catalog.build / "7.2").added


@pytest.mark.parametrize("tree", ["solutions", "graders"])
def test_a_course_without_a_private_tree_cannot_be_scanned_and_is_not_released(
    catalog: Catalog, tmp_path: Path, tree: str
) -> None:
    shutil.rmtree(catalog.root / tree)
    with pytest.raises(CourseError, match="release from the course's own checkout"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")
