"""Names of an exercise's cells in nbgrader. Release, autograding and gradebook must use the same names."""

from __future__ import annotations

GRADE_PREFIX = "grade-"  # no exercise's name has a hyphen, so the two ids are never equal


def solution_id(exercise: str) -> str:
    """`grade_id` of the cell that students write in. The exercise's comment belongs to this cell."""
    return exercise


def grade_id(exercise: str) -> str:
    """`grade_id` of the cell that has the exercise's points."""
    return GRADE_PREFIX + exercise


def exercise_of(cell_id: str) -> str | None:
    """Name of the exercise whose points the cell has; None for another cell."""
    return cell_id.removeprefix(GRADE_PREFIX) if cell_id.startswith(GRADE_PREFIX) else None
