"""Words about a grading that ran only the public checks. Its points are not yet the points that count."""

from __future__ import annotations

from blindgrade.models import Attempt, Grading

PASSED = "Every public check passed."
EARNED = "Every point earned."


def unit(graded: Attempt | Grading) -> str:
    """What the points are: "points", or "public points" if hidden checks did not run."""
    return unit_of(public_only=graded.public_only)


def unit_of(*, public_only: bool) -> str:
    """What points are if they are, or are not, those of public checks alone."""
    return "public points" if public_only else "points"


def public_part(graded: Attempt | Grading) -> str:
    """Sentence without its full stop: how many checks are public, and when the others run. "" if all checks ran."""
    if not graded.public_only:
        return ""
    if not graded.checks:
        return "only public checks ran; the others run when you hand in"
    return (
        f"{graded.public_checks} of {graded.checks} checks {'is' if graded.public_checks == 1 else 'are'} public; "
        f"{'the other runs' if graded.checks - graded.public_checks == 1 else 'the others run'} when you hand in"
    )


def praise(graded: Attempt | Grading) -> str:
    """Sentence about a grading with all points; "" for any other."""
    if graded.points < graded.max_points:
        return ""
    return PASSED if graded.public_only else EARNED
