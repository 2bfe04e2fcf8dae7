"""Signs and words of outcomes, and the format of points."""

from __future__ import annotations

from blindgrade.models import Outcome

# Each outcome has its sign and its word, because colour alone must not carry meaning.
SIGNS = {
    Outcome.PASSED: ("✓", "passed"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.BLOCKED: ("↳", "blocked"),
    Outcome.NOT_ATTEMPTED: ("·", "not attempted"),
    Outcome.ERROR: ("!", "grader error"),
}


def points(number: float) -> str:
    """Points as text, without trailing zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
