"""Changes of a course that make an exercise's stored results old."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from blindgrade.cohort.versions import course_version
from blindgrade.engine.answers.lesson_checks import LessonChecks


@pytest.mark.parametrize(
    ("field", "value", "counts"),
    [("points", 7.0, True), ("seconds", 4.5, True), ("title", "Another", True), ("hints", ["a", "b", "c"], True)]
    + [("difficulty", 5, False), ("mental_models", ["another"], False)],
)
def test_fields_of_an_exercise_count_if_a_result_depends_on_them(
    kit: Any, field: str, value: object, counts: bool
) -> None:
    [target] = kit.targets()
    checks = LessonChecks(target.files, target.lesson)
    first, *others = target.lesson.exercises
    changed = target.lesson.model_copy(update={"exercises": [first.model_copy(update={field: value}), *others]})
    before = course_version(target, checks).exercises
    after = course_version(replace(target, lesson=changed), checks).exercises
    assert [name for name in before if before[name] != after[name]] == ([first.name] if counts else [])
