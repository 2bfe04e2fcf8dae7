"""Relations by a function of each expected value: inverted, squared, rooted, clipped and others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blindgrade.engine.judging.relations.evidence import SPECIAL, Image, close, holds
from blindgrade.engine.judging.relations.parts import Floats, Part, Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation

FUNCTIONS: list[tuple[Name, str, Callable[[Floats], Floats]]] = [
    (Name.COMPLEMENT, "is 1 minus the expected value", lambda w: 1 - w),
    (Name.INVERTED, "is 1 divided by the expected value", lambda w: 1 / w),
    (Name.SQUARED, "is the square of the expected value", lambda w: w * w),
    (Name.ROOTED, "is the square root of the expected value", np.sqrt),
    (Name.LOGARITHM, "is the logarithm of the expected value", np.log),
    (Name.EXPONENTIAL, "is the exponential of the expected value", np.exp),
    (Name.ABSOLUTE, "is the expected value without its sign", np.abs),
]
AT_LIMIT = 4  # different values beyond the limits, and inside


def function_of(replies: Replies) -> Relation | None:
    """One of FUNCTIONS of every expected value."""
    if not replies.arithmetic or any(part.exact for part in replies.wrong):
        return None
    for name, predicate, function in FUNCTIONS:
        if holds(replies, _by(function), of_values=True).enough:
            return said(replies, name, predicate, neutral=_unmoved(function))
    return None


def complement(replies: Replies) -> Relation | None:
    """Yes where no is expected, and no where yes is, in every value."""
    if not replies.numeric or not all(part.truths for part in replies.wrong):
        return None
    values = [value for part in replies.wrong for value in part.w.ravel().tolist()]
    if len(values) < 2 * AT_LIMIT or min(values.count(0.0), values.count(1.0)) < 2:
        return None
    for part in replies.wrong:
        if bool((part.g == part.w).any()):
            return None
    return said(replies, Name.COMPLEMENT, "has True exactly where False is expected, and False where True is")


def clipped(replies: Replies) -> Relation | None:
    """Right inside limits; beyond them the student's values stop, or go on where the expected ones stop."""
    if not replies.arithmetic or any(part.exact for part in replies.wrong):
        return None
    if _stops(replies, lambda part: (part.g, part.w)):
        return said(replies, Name.CLIPPED, "stops at a limit where the expected value goes on, and is right elsewhere")
    if _stops(replies, lambda part: (part.w, part.g)):
        return said(
            replies, Name.NOT_CLIPPED, "goes on where the expected value stops at a limit, and is right elsewhere"
        )
    return None


def _stops(replies: Replies, sides: Callable[[Part], tuple[Floats, Floats]]) -> bool:
    """Whether one side's values are the other's, cut at the ends of its own range."""
    limits, beyond, inside = set[tuple[bool, float]](), set[float](), set[float]()
    for part in replies.wrong:
        cut, whole = sides(part)
        low, high = cut.min(), cut.max()
        image = np.clip(whole, low, high)
        if low == high or not bool((np.abs(cut - image) <= part.atol + part.rtol * np.abs(image)).all()):
            return False
        differs = np.abs(whole - image) > part.atol + part.rtol * np.abs(image)
        for upper, end in ((False, low), (True, high)):
            here = differs & (image == end)
            # A limit is more than the largest value: several values stop there.
            if here.any() and int(((cut == end) & here).sum()) < 2:
                return False
            beyond |= set(whole[here].tolist())
            limits |= {(upper, float(np.float32(end)))} if here.any() else set()  # one limit in every precision
        inside |= set(whole[~differs].tolist())
    values = inside - SPECIAL - {limit for _, limit in limits}
    one_each = len(limits) == len({upper for upper, _ in limits})
    return len(beyond) >= AT_LIMIT and len(values) >= AT_LIMIT and one_each


def _by(function: Callable[[Floats], Floats]) -> Image:
    return lambda part: function(part.w)


def _unmoved(function: Callable[[Floats], Floats]) -> Callable[[Part], bool]:
    return lambda part: part.w.size > 0 and not part.exact and close(part.w, function(part.w), part)
