"""Names that nbgrader has: of an exercise's cells, and of a submission's folder.

Release, autograding and gradebook must use the same names for cells.
"""

from __future__ import annotations

import re
from typing import NamedTuple

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


# "ana+lesson-7.2.1+2026-11-02 10:00:00.000000 UTC", then random letters if students must not see other submissions.
# A student's name may have a +, an assignment's may not. A numeric zone (+0100) is a part of the time.
INBOUND = re.compile(
    r"(?P<student>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d[ T].*?)"
    r"(?:(?<![ ])\+(?!\d\d:?\d\d$)[A-Za-z0-9_-]+)?"
)


class Submitted(NamedTuple):
    """Parts of the name of a submission's folder in the exchange. `time` is "" if the name has none."""

    student: str
    assignment: str
    time: str


def submitted(name: str) -> Submitted | None:
    """Parts of the name of a folder in the exchange; None if nbgrader does not write such a name."""
    match = INBOUND.fullmatch(name)
    return Submitted(match["student"], match["assignment"], match["time"]) if match else None
