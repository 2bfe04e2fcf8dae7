"""Lessons as a cohort has them: whole."""

from __future__ import annotations

from blindgrade.catalog import Catalog, Target, UnknownId


def whole_lessons(catalog: Catalog, lesson: str, refusal: str) -> list[Target]:
    """The lessons that an id covers. UnknownId if it is one exercise's; `refusal` says what to name instead."""
    targets = catalog.find([lesson])
    if "/" in lesson:
        raise UnknownId(f"{lesson} {refusal} {lesson.split('/')[0]}")
    return targets
