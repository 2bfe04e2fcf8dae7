"""What an exercise is called in nbgrader: release, autograding and gradebook must agree on it."""

from __future__ import annotations

GRADE_PREFIX = "grade-"  # no exercise's name holds a hyphen, so the two ids never meet


def solution_id(exercise: str) -> str:
    """The `grade_id` of the cell that students write in; the exercise's comment hangs on it."""
    return exercise


def grade_id(exercise: str) -> str:
    """The `grade_id` of the cell that carries the exercise's points."""
    return GRADE_PREFIX + exercise


def exercise_of(cell_id: str) -> str | None:
    """The exercise whose points a cell carries; None if it carries none of ours."""
    return cell_id.removeprefix(GRADE_PREFIX) if cell_id.startswith(GRADE_PREFIX) else None
