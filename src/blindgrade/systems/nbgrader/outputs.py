"""Outputs of a grade cell, from which nbgrader reads the points."""

from __future__ import annotations

from typing import Any

import nbformat

from blindgrade.models import ExerciseResult, Outcome
from blindgrade.render.safe import shown
from blindgrade.render.text.student import exercise_text, headline, left_out
from blindgrade.student_view import StudentView


def outputs(result: ExerciseResult, view: StudentView, *, said: bool = True) -> list[Any]:
    """Outputs of an exercise's grade cell: a text for the student, and a number, from which nbgrader reads the points.

    nbgrader gives zero points for any text on stderr, and all points for a negative number or for no number. It fails
    on more than all points. So nothing goes to stderr, and the number is between zero and all points. The text is what
    the view has. Without `said` there is only the number.
    """
    points = min(max(result.points, 0.0), result.max_points)
    seen = next((exercise for exercise in view.exercises if exercise.name == result.name), None)
    lines = [exercise_text(seen) if seen is not None else headline(view)]
    if result.outcome is not Outcome.PASSED:
        problems = view.problems or [sentence for sentence in [left_out(view)] if sentence]
        lines += [f"! {shown(' '.join(problem.split()))}" for problem in problems]
    stream = {"output_type": "stream", "name": "stdout", "text": "\n".join(lines) + "\n"}
    value = {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": str(points)},
    }
    return [*([nbformat.from_dict(stream)] if said else []), nbformat.from_dict(value)]
