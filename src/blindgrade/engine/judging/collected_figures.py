"""Figures of graded results, as plain numbers. The grader makes them, and only if a report needs them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from blindgrade.checks import Check, Rng
from blindgrade.engine.answers.exact import Keyed
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.wire.replies import Reply, Result
from blindgrade.figures import Figure, FigurePair
from blindgrade.models import Outcome

MAX_ELEMENTS = 1 << 20  # elements of a result that is drawn; a student's result may be larger


class CollectedFigures:
    """Collects the figures of checks that have one."""

    def __init__(self) -> None:
        self.found: list[FigurePair] = []

    def add(self, lesson: str, check: Check, reply: Reply, outcome: Outcome, reference: Reference, seed: int) -> None:
        """Store the check's figures of this reply and of the reference. What cannot be drawn is left out."""
        if check.figure is None:
            return
        student = _figure(check, reply, seed)
        right = None
        if check.public and check.reference and not (student is not None and outcome is Outcome.PASSED):
            expected = reference.expected(check, seed)
            right = None if isinstance(expected, Keyed) else _figure(check, expected, seed)
        if student is not None or right is not None:
            self.found.append(FigurePair(lesson, check.exercise, check.name, student, right))


def _figure(check: Check, reply: Reply | None, seed: int) -> Figure | None:
    if not isinstance(reply, Result) or _elements(reply.value) > MAX_ELEMENTS:
        return None
    assert check.figure is not None
    try:
        figure = check.figure(reply.value, Rng(seed))
    except Exception:
        # The data come from a student and may have any form. A figure is no part of the verdict.
        return None
    return figure if isinstance(figure, Figure) else None


def _elements(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.numel()
    if isinstance(value, dict):
        return sum(_elements(item) for item in value.values()) + len(value)
    if isinstance(value, list | tuple):
        return sum(_elements(item) for item in value) + len(value)
    return 1
