"""Which marks are not up to date, and which command brings each up to date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog
from blindgrade.marks.marks import LessonMarks, Stale

NAMES = 8  # most names in one note


@dataclass(frozen=True)
class ToGrade:
    """Marks that one run of `course grade` brings up to date: their number, the id to name and the folder."""

    marks: int
    lesson: str
    folder: Path


def to_grade(catalog: Catalog, answers: Iterable[LessonMarks[Any]]) -> list[ToGrade]:
    """Runs that bring the marks up to date, the folder that was graded longest ago first.

    In this order the same folder counts for each student as before. A whole module is named if more than one of its
    lessons is not up to date, and if all of them were graded from the folder.
    """
    found = list(answers)
    groups: dict[Path, list[Stale]] = defaultdict(list)
    for one in sorted((one for marks in found for one in marks.stale), key=lambda one: one.seen_at):
        if not one.reason:
            groups[one.folder].append(one)
    return [
        ToGrade(sum(one.lesson in lessons for one in stale), name, folder)
        for folder, stale in groups.items()
        for name, lessons in _together(catalog, {one.lesson for one in stale}, _from(found, folder))
    ]


def _from(answers: list[LessonMarks[Any]], folder: Path) -> set[str]:
    return {marks.lesson for marks in answers if folder in marks.folders}


def _together(catalog: Catalog, stale: set[str], graded: set[str]) -> list[tuple[str, set[str]]]:
    """Ids for the command, in the course's order, each with the lessons that it covers."""
    found: list[tuple[str, set[str]]] = []
    for module in catalog.course.modules:
        ready = {lesson.id for lesson in module.lessons if lesson.status == "ready"}
        if len(ready & stale) > 1 and ready <= graded:
            found.append((f"lesson-{module.id}", ready))
        else:
            found += [(lesson.id, {lesson.id}) for lesson in module.lessons if lesson.id in stale]
    return found


def not_helped(answers: Iterable[LessonMarks[Any]]) -> list[str]:
    """Sentences about marks that are not up to date although the run of `course grade` would not change that."""
    return [f"{one.student} {one.lesson}: {one.reason}" for marks in answers for one in marks.stale if one.reason]


def notes(answers: Iterable[LessonMarks[Any]]) -> list[str]:
    """Sentences about marks that count in spite of what is missing."""
    found = list(answers)
    said = []
    if old := _who(found, "old"):
        said.append(
            f"no run of this version of `course grade` has recorded what was handed in for {old}; the newest grading"
            " of the newest submission counts, until `course grade` runs again"
        )
    for folder in sorted({folder for marks in found for folder in marks.gone}):
        said.append(
            f"{folder} is gone, so what the last run of `course grade` recorded counts; name the folder with"
            " --submitted if it was moved"
        )
    if absent := _who(found, "not_there"):
        said.append(f"the submission is no longer in its folder, and what was recorded last counts, for {absent}")
    if left := _who(found, "left_over"):
        said.append(
            f"files of earlier versions are not kept, so they count by their newest attempt, which earlier checks"
            f" judged, for {left}"
        )
    return said


def _who(answers: list[LessonMarks[Any]], field: str) -> str:
    """Words for the students and lessons in this field of the answers: "2 marks (ana lesson-1, bo lesson-1)"."""
    who = [f"{student} {marks.lesson}" for marks in answers for student in getattr(marks, field)]
    more = f", and {len(who) - NAMES} more" if len(who) > NAMES else ""
    number = "1 mark" if len(who) == 1 else f"{len(who)} marks"
    return f"{number} ({', '.join(who[:NAMES])}{more})" if who else ""
