"""Names of modules, lessons and exercises as people type them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, UnknownId

ROOT = Path(__file__).parents[1]
MINI = Path(__file__).parent / "courses" / "mini"
SCORE = "lesson-7.2.1/score_from_noise"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("all", "all"),
        ("lesson-7.2.1", "lesson-7.2.1"),
        ("7.2.1", "lesson-7.2.1"),
        ("lesson 7.2.1", "lesson-7.2.1"),
        ("Lesson-7.2.1", "lesson-7.2.1"),
        ("lesson7.2.1", "lesson-7.2.1"),
        ("7.2", "lesson-7.2"),
        ("module 7.2", "lesson-7.2"),
        ("7.2.1/score_from_noise", SCORE),
        ("lesson-7.2.1/score-from-noise", SCORE),
        ("score-functions/score_from_noise", SCORE),
        ("score_from_noise", SCORE),
        ("Score from noise", SCORE),
        ("flow matching", "lesson-7.2.2"),
        ("Flow Matching", "lesson-7.2.2"),
        ("score-functions", "lesson-7.2.1"),
        ("Score Functions & SDEs", "lesson-7.2.1"),
        ("The Score-Based Perspective", "lesson-7.2"),
        ("lesson_7_2_1_score_functions", "lesson-7.2.1"),
        ("exercises/lesson_7_2_1_score_functions/", "lesson-7.2.1"),
        ("./exercises/lesson_7_2_1_score_functions/score_functions.py", "lesson-7.2.1"),
    ],
)
def test_a_name_that_is_unique_is_an_id(name: str, wanted: str) -> None:
    catalog = Catalog(ROOT)
    assert catalog.canonical([name]) == (wanted,)
    assert catalog.find([name]) == catalog.find([wanted])


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Course of two lessons with the same exercises, and of one that is planned."""
    folder = tmp_path / "course"
    shutil.copytree(MINI, folder, symlinks=False)
    (folder / "exercises/lesson_1_1_2_curves").mkdir()
    shutil.copy(folder / "exercises/lesson_1_1_1_basics/lesson.toml", folder / "exercises/lesson_1_1_2_curves")
    later = '\n[[module]]\nid = "1.2"\ntitle = "Later"\n'
    text = (folder / "course.toml").read_text()
    second = '[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "curves"\ntitle = "Curves"\n'
    third = '[[module.lesson]]\nid = "lesson-1.2.1"\nslug = "deep_waters"\ntitle = "Deep Waters"\nstatus = "planned"\n'
    head, mark, tail = text.partition("[[concept]]")
    (folder / "course.toml").write_text(head + second + later + third + "\n" + mark + tail)
    return folder


def message(folder: Path, name: str) -> str:
    with pytest.raises(UnknownId) as caught:
        Catalog(folder).find([name])
    return str(caught.value)


def test_an_ambiguous_name_lists_what_it_can_be(course: Path) -> None:
    assert message(course, "fit_line") == (
        "fit_line can be lesson-1.1.1/fit_line or lesson-1.1.2/fit_line; name one of them"
    )


def test_a_title_of_a_planned_lesson_says_that_it_is_planned(course: Path) -> None:
    assert "lesson-1.2.1 is planned and not written yet: lesson-1.2.1 (Deep Waters)" in message(course, "deep waters")


def test_a_lesson_of_a_folder_beside_this_one_says_where_it_is(course: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(course, other)
    text = (course / "course.toml").read_text()
    entry = 'slug = "curves"\ntitle = "Curves"\n'
    (course / "course.toml").write_text(text.replace(entry, entry + 'status = "unreleased"\n'))
    where = f"is not in this folder but in {other}; run the command there"
    assert message(course, "lesson-1.1.2") == f"lesson-1.1.2 {where}"
    assert message(course, "1.1.2/fit_line") == f"lesson-1.1.2/fit_line {where}"
    shutil.rmtree(other)
    assert "lesson-1.1.2 is not released yet" in message(course, "curves")


def test_an_unknown_exercise_of_a_lesson_that_is_here_is_looked_for_nowhere_else(course: Path, tmp_path: Path) -> None:
    shutil.copytree(course, tmp_path / "other")
    for name in ("1.1.1/no such thing", "lesson-1.1.1/nothing", "basics/nothing"):
        assert "run the command there" not in message(course, name)


def test_suggestions_are_of_this_folder_the_nearest_first_and_at_most_three(course: Path) -> None:
    text = (course / "course.toml").read_text()
    (course / "course.toml").write_text(text.replace('title = "Curves"', 'title = "Curves"\nstatus = "planned"'))
    said = message(course, "fit_lines").split("did you mean ")[1].rstrip("?").split(", ")
    assert said[0] == "lesson-1.1.1/fit_line" and len(said) <= 3
    assert not any(name.startswith("lesson-1.1.2") for name in said)


def test_an_exercise_of_another_lesson_is_named_with_its_lesson() -> None:
    with pytest.raises(UnknownId, match=rf"lesson-7.2.2 has no exercise 'score_from_noise'; did you mean {SCORE}\?"):
        Catalog(ROOT).find(["7.2.2/score_from_noise"])


@pytest.mark.parametrize("name", ["", " ", "/", "7.2.1/a/b", "score_from_noise/x", "..", "§"])
def test_a_name_of_nothing_is_unknown(name: str) -> None:
    with pytest.raises(UnknownId):
        Catalog(ROOT).find([name])
