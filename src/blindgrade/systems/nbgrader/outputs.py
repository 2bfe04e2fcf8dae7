"""Outputs of a grade cell, from which nbgrader reads the points."""

from __future__ import annotations

from typing import Any

import nbformat

from blindgrade.models import ExerciseResult, Outcome
from blindgrade.render.safe import shown
from blindgrade.render.text.plain import exercise_text


def outputs(result: ExerciseResult, problems: list[str]) -> list[Any]:
    """Outputs of an exercise's grade cell: a text for the student, and a number, from which nbgrader reads the points.

    nbgrader gives zero points for any text on stderr, and all points for a negative number or for no number. It fails
    on more than all points. So nothing goes to stderr, and the number is between zero and all points.
    """
    points = min(max(result.points, 0.0), result.max_points)
    about_file = "".join(f"! {' '.join(problem.split())}\n" for problem in problems)
    text = exercise_text(result) + "\n" + (shown(about_file) if result.outcome is not Outcome.PASSED else "")
    stream = {"output_type": "stream", "name": "stdout", "text": text}
    value = {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": str(points)},
    }
    return [nbformat.from_dict(stream), nbformat.from_dict(value)]
