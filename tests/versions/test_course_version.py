"""Changes of a course that make an exercise's stored results old."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.versions import course_version as versions
from blindgrade.versions.course_version import course_version

MINI = Path(__file__).parents[1] / "courses" / "mini"


@pytest.mark.parametrize(
    ("field", "value", "counts"),
    [("points", 7.0, True), ("seconds", 4.5, True), ("title", "Another", True), ("hints", ["a", "b", "c"], True)]
    + [("difficulty", 5, False), ("mental_models", ["another"], False)],
)
def test_fields_of_an_exercise_count_if_a_result_depends_on_them(field: str, value: object, counts: bool) -> None:
    [target] = Catalog(MINI).find(["lesson-1.1.1"])
    first, *others = target.lesson.exercises
    changed = target.lesson.model_copy(update={"exercises": [first.model_copy(update={field: value}), *others]})
    before = course_version(target).exercises
    after = course_version(replace(target, lesson=changed)).exercises
    assert [name for name in before if before[name] != after[name]] == ([first.name] if counts else [])


@pytest.mark.parametrize("file", ["solutions/lesson_1_1_1_basics/basics.py", "TOYS"])
def test_the_solution_and_the_toys_count_for_every_exercise(tmp_path: Path, file: str) -> None:
    [target] = Catalog(Path(shutil.copytree(MINI, tmp_path / "course"))).find(["lesson-1.1.1"])
    before = course_version(target).exercises
    path = target.files.shared.modules["toys"] if file == "TOYS" else target.files.root / file
    path.write_text((path.read_text(encoding="utf-8") if path.is_file() else "") + "\nADDED = 1\n", encoding="utf-8")
    after = course_version(target).exercises
    assert all(before[name] != after[name] for name in before)


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("Where is the middle of each row now?", "Where is the middle?", ["standardize"]),
        ("def sample_spread(", "def sample_deviation(", ["standardize"]),
        ("def by_moments(", "def by_two_moments(", []),
        ("    mean = values.mean(dim=-1, keepdim=True)\n    variance", "    variance", []),
    ],
)
def test_wrong_answers_count_for_their_exercise_and_right_ones_for_none(
    tmp_path: Path, old: str, new: str, counts: list[str]
) -> None:
    [target] = Catalog(Path(shutil.copytree(MINI, tmp_path / "course"))).find(["lesson-1.1.1"])
    before = course_version(target).exercises
    text = target.files.known_answers.read_text(encoding="utf-8")
    assert old in text
    target.files.known_answers.write_text(text.replace(old, new), encoding="utf-8")
    after = course_version(target).exercises
    assert [name for name in before if before[name] != after[name]] == counts


def test_the_budget_of_the_lesson_and_the_engine_count_for_every_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = Catalog(MINI).find(["lesson-1.1.1"])
    before = course_version(target).exercises
    longer = replace(target, lesson=target.lesson.model_copy(update={"seconds": target.lesson.seconds + 1}))
    after = course_version(longer).exercises
    monkeypatch.setattr(versions, "code_digest", lambda: "another engine")
    other = course_version(target).exercises
    assert all(len({before[name], after[name], other[name]}) == 3 for name in before)
