"""What is public of the course's checks, and what stays hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.answer_key import KEY_SEED
from blindgrade.engine.answers.reference import observe
from blindgrade.verify.promises import promises_have_public_checks
from blindgrade.verify.public import few_are_hidden
from blindgrade.verify.workshop import Workshop

MOST_BYTES = 300_000  # of an answer key
TABLES = {  # exercises whose answers are a table
    "init_status": "lesson-7.1.3",
    "map_changes": "lesson-7.1.2",
    "known_method_level": "lesson-7.3.3",
    "route_conditioning": "lesson-7.4.1",
}


@pytest.fixture(scope="module")
def workshops() -> list[Workshop]:
    root = Path(__file__).parents[2]
    return [Workshop(root, files.entry.id) for files in Catalog(root).ready()]


def test_in_every_exercise_something_fresh_stays_hidden(workshops: list[Workshop]) -> None:
    open_ = [
        f"{shop.lesson.id}/{exercise.name}"
        for shop in workshops
        for exercise in shop.lesson.exercises
        if all(check.public for check in shop.checks.of(exercise.name))
    ]
    assert open_ == []


def test_every_promise_of_a_docstring_has_a_public_check(workshops: list[Workshop]) -> None:
    assert {shop.lesson.id: gaps for shop in workshops if (gaps := promises_have_public_checks(shop))} == {}


def test_nearly_every_misconception_loses_public_points(workshops: list[Workshop]) -> None:
    assert few_are_hidden(workshops) == ""


def test_a_key_stays_small(workshops: list[Workshop]) -> None:
    sizes = {shop.lesson.id: shop.files.answer_key.stat().st_size for shop in workshops}
    assert {lesson: size for lesson, size in sizes.items() if size > MOST_BYTES} == {}


def entries(shop: Workshop, exercise: str, checks: list[Check]) -> set[str]:
    """Entries of the table that these checks ask for. A question with an error for an answer is no entry."""
    loaded = shop.solution.load(shop.solution.text)
    original, asked = getattr(loaded.module, exercise), set()

    def recorded(*args: object) -> object:
        answer = original(*args)
        asked.add(repr([sorted(arg) if isinstance(arg, list) else arg for arg in args]))
        return answer

    setattr(loaded.module, exercise, recorded)
    for check in checks:
        observe(shop.checks, check, loaded, KEY_SEED)
    return asked


@pytest.mark.parametrize("exercise", TABLES)
def test_about_half_of_a_table_is_public(workshops: list[Workshop], exercise: str) -> None:
    [shop] = [shop for shop in workshops if shop.lesson.id == TABLES[exercise]]
    checks = shop.checks.of(exercise)
    public = entries(shop, exercise, [check for check in checks if check.public])
    share = len(public) / len(entries(shop, exercise, checks))
    assert 0.4 <= share <= 0.6
