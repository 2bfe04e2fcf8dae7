"""Groups of wrong answers in words, for instructors: the words quote the solution."""

from __future__ import annotations

from blindgrade.models import MutantMatch
from blindgrade.render.sentences import many


def about_mutant(found: MutantMatch | None) -> str:
    """What small changes of the solution say about an answer; empty if nothing."""
    if found is None:
        return ""
    left = found.count - len(found.changes)
    more = f" ({many(left, 'more change')} {'replies' if left == 1 else 'reply'} the same)" if left else ""
    return f"replies exactly as the solution with {', or with '.join(found.changes)}{more}"


def about_relation(compared: str) -> str:
    """What the numbers of an answer say, as its students read it; empty if nothing."""
    return f"the students read: “{compared}”" if compared else ""
