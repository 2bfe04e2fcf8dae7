"""How an outcome is told wherever there is room for a sign and a word, and how points are written."""

from __future__ import annotations

from blindgrade.models import Outcome

# Nothing is told by colour alone: each outcome has its sign and its word.
SIGNS = {
    Outcome.PASSED: ("✓", "passed"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.BLOCKED: ("↳", "blocked"),
    Outcome.NOT_ATTEMPTED: ("·", "not attempted"),
    Outcome.ERROR: ("!", "grader error"),
}


def points(number: float) -> str:
    """A number of points, without zeros that say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
