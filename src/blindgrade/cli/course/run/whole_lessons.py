"""Whole lessons for the commands of a cohort."""

from __future__ import annotations

from blindgrade.catalog import Catalog, Target, UnknownId


def whole_lessons(catalog: Catalog, lesson: str, refusal: str) -> list[Target]:
    """Lessons that an id covers. UnknownId if it is an exercise's id; `refusal` says what to name instead."""
    [wanted] = catalog.canonical([lesson])
    targets = catalog.find([wanted])
    if "/" in wanted:
        raise UnknownId(f"{lesson} {refusal} {wanted.split('/')[0]}")
    return targets
