"""Whole lessons for the commands of a cohort."""

from __future__ import annotations

from blindgrade.catalog import Catalog, Target, UnknownId
from blindgrade.cli.exits import say_unfinished


def whole_lessons(catalog: Catalog, lesson: str, refusal: str) -> list[Target]:
    """Lessons that an id covers. UnknownId if it is an exercise's id; `refusal` says what to name instead.

    A lesson whose files are wrong is left out and named on standard error, if others are found.
    """
    targets = catalog.find([lesson], say_unfinished)
    if catalog.exercise_in(lesson) is not None:
        raise UnknownId(f"{lesson} {refusal} {targets[0].lesson.id}")
    return targets
