"""Groups of wrong answers in words, for instructors: the words quote the solution."""

from __future__ import annotations

from collections.abc import Sequence

from blindgrade.models import MutantMatch


def about_mutant(found: MutantMatch | None) -> str:
    """What small changes of the solution say about an answer; empty if nothing."""
    if found is None:
        return ""
    left = found.count - len(found.changes)
    more = f" ({many(left, 'more change')} {'replies' if left == 1 else 'reply'} the same)" if left else ""
    return f"replies exactly as the solution with {', or with '.join(found.changes)}{more}"


def about_relations(relations: Sequence[str]) -> str:
    """What the numbers of an answer say; empty if nothing."""
    words = ", ".join(one.replace("_", " ") for one in relations)
    return f"its numbers, next to the right ones: {words}" if words else ""


def many(count: int, what: str) -> str:
    """The number with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"
