"""Whole lessons for the commands of a cohort."""

from __future__ import annotations

from blindgrade.catalog import Catalog, Target, UnknownId


def whole_lessons(catalog: Catalog, lesson: str, refusal: str) -> list[Target]:
    """Lessons that an id covers. UnknownId if it is an exercise's id; `refusal` says what to name instead."""
    targets = catalog.find([lesson])
    if catalog.exercise_in(lesson) is not None:
        raise UnknownId(f"{lesson} {refusal} {targets[0].lesson.id}")
    return targets
