"""The course's description."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog

MINI = Path(__file__).parent / "courses" / "mini"


def test_a_lesson_gives_its_exercises_by_name_and_names_an_unknown_one() -> None:
    [target] = Catalog(MINI).find(["lesson-1.1.1"])
    assert [target.lesson.exercise(one.name) for one in target.lesson.exercises] == target.lesson.exercises
    with pytest.raises(KeyError, match="standardise"):
        target.lesson.exercise("standardise")
