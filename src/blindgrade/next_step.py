"""The next step of a student: the one exercise that the screen, the page, `grade` alone and `grade --hint` name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from blindgrade.models import Attempt, ExerciseResult, Outcome

# Failed exercises come first, then those that are not written, then those that were never graded (None). An error is
# the grader's fault and a blocked exercise waits for another one, so the student can do nothing about them.
ORDER = (Outcome.FAILED, Outcome.NOT_ATTEMPTED, None)


class Known(NamedTuple):
    """Last outcome of one exercise; None if it was never graded."""

    lesson: str
    exercise: str
    outcome: Outcome | None


def next_step(
    known: Iterable[Known], *, looked_at: tuple[str, str] | None = None, remembered: bool = False
) -> Known | None:
    """The exercise to do first; None if there is none. `known` is in the order of the course.

    `looked_at` (lesson, exercise) is the exercise that the last screen named. It stays first until it has passed. If
    the outcomes are `remembered` and all other exercises have passed, a blocked exercise is next, because the exercise
    that it waited for has passed since.
    """
    exercises = list(known)
    for one in exercises:
        if (one.lesson, one.exercise) == looked_at and one.outcome is not Outcome.PASSED:
            return one
    for outcome in ORDER:
        for one in exercises:
            if one.outcome is outcome:
                return one
    left = [one for one in exercises if one.outcome is not Outcome.PASSED]
    if remembered and left and all(one.outcome is Outcome.BLOCKED for one in left):
        return left[0]
    return None


def next_in(attempts: Iterable[Attempt]) -> tuple[Attempt, ExerciseResult] | None:
    """The exercise of a grading to do first, with its attempt; None if there is none.

    A lesson whose file could not be read has none: the file comes first.
    """
    found = {(a.lesson, r.name): (a, r) for a in attempts if not a.unreadable for r in a.exercises}
    step = next_step(Known(lesson, name, result.outcome) for (lesson, name), (_, result) in found.items())
    return found[step.lesson, step.exercise] if step else None
