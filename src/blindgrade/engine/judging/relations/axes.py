"""Relations of places: the right values along other axes or in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations

import numpy as np

from blindgrade.engine.judging.relations.evidence import BITS, VALUES, Image, close, holds, weight
from blindgrade.engine.judging.relations.parts import Floats, Part, Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation

MOST_AXES = 5
LEVELS = 8  # different values, so that their order shows something
SHORTEST = 3  # entries of an axis that can be seen to be rolled; two that are rolled are reversed

Candidate = tuple[Name, str, Callable[[Floats], Floats]]


def moved(replies: Replies) -> Relation | None:
    """The right values with axes swapped, reversed, rolled or in another form."""
    if not _same_values(replies):
        return None
    first = replies.wrong[0]
    for name, predicate, change in _candidates(first.w):
        made = change(first.w)
        if made.shape == first.g.shape and close(first.g, made, first) and holds(replies, _by(change)).enough:
            return said(replies, name, predicate)
    return None


def _same_values(replies: Replies) -> bool:
    """Whether every wrong part has as many numbers of the kind as expected, and the same sums of them."""
    if not replies.of_numbers:
        return False
    for part in replies.wrong:
        size = np.abs(part.w).sum()
        bound = part.w.size * part.atol + (part.rtol + 1e-9) * size
        if part.g.size != part.w.size or part.w.size < 2 or not abs(np.abs(part.g).sum() - size) <= bound:
            return False
    return True


def _candidates(w: Floats) -> Iterator[Candidate]:
    axes = w.ndim
    if 2 <= axes <= MOST_AXES:
        swapped = (*range(axes - 2), axes - 1, axes - 2)
        yield Name.TRANSPOSED, "is the expected value transposed", lambda a: a.swapaxes(-1, -2)
        for order in permutations(range(axes)) if axes > 2 else ():
            if order not in (swapped, tuple(range(axes))) and (axes < MOST_AXES or _is_swap(order)):
                text = f"has its axes in the order {order}"
                yield Name.PERMUTED_AXES, text, _permuted(order)
    for axis in range(min(axes, MOST_AXES)):
        if w.shape[axis] > 1:
            yield Name.REVERSED, f"is reversed{along(axis, axes)}", _flipped(axis)
    for axis in range(min(axes, MOST_AXES)):
        if w.shape[axis] >= SHORTEST:
            for step, way in ((1, "forward"), (-1, "back")):
                yield Name.ROLLED, f"is rolled by one place {way}{along(axis, axes)}", _rolled(axis, step)


def reshaped(replies: Replies) -> Relation | None:
    """The right values in the right order in another shape."""
    if not _same_values(replies) or any(part.g.shape == part.w.shape for part in replies.wrong):
        return None
    narrow = all(_squeezed(part.g) == _squeezed(part.w) for part in replies.wrong)
    if not holds(replies, lambda part: part.w.reshape(part.g.shape)).enough:
        return None
    if not narrow:
        return said(replies, Name.RESHAPED, "has the right values in the right order, in another shape")
    if all(part.g.ndim > part.w.ndim for part in replies.wrong):
        return said(replies, Name.KEPT_AXIS, "has the right values and an axis of size 1 too many")
    if all(part.g.ndim < part.w.ndim for part in replies.wrong):
        return said(replies, Name.DROPPED_AXIS, "has the right values and lacks an axis of size 1")
    return said(replies, Name.RESHAPED, "has the right values, and its axes of size 1 are at other places")


def other_order(replies: Replies) -> Relation | None:
    """The same rows, or the same values, in another order."""
    if not _same_values(replies) or any(part.g.shape != part.w.shape for part in replies.wrong):
        return None
    deepest = min(part.w.ndim for part in replies.wrong)
    for axis in range(deepest if deepest > 1 else 0):
        if _enough(replies, partial(_sorted_rows, axis=axis)):
            return said(replies, Name.OTHER_ORDER, f"has the right entries{along(axis, deepest)} in another order")
    if _enough(replies, _sorted_values):
        return said(replies, Name.OTHER_ORDER, "has the right values in another order")
    return None


def shifted(replies: Replies) -> Relation | None:
    """Each entry along an axis is the one that is expected one place later or earlier."""
    if not replies.numeric or any(part.truths for part in replies.wrong):
        return None
    first = replies.wrong[0]
    for axis in range(min(first.w.ndim, MOST_AXES)):
        for when in ("later", "earlier"):
            if _overlap(replies, axis, later=when == "later"):
                each = f"each entry{along(axis, first.w.ndim)}"
                text = f"is shifted by one place: {each} is the one that is due one place {when}"
                return said(replies, Name.SHIFTED, text)
    return None


def _overlap(replies: Replies, axis: int, *, later: bool) -> bool:
    found = []
    for part in replies.wrong:
        if axis >= part.w.ndim or part.w.shape[axis] < SHORTEST:
            return False
        before, after = ((*[slice(None)] * axis, keep) for keep in (slice(None, -1), slice(1, None)))
        if not later:
            before, after = after, before
        came, due, other = part.g[before], part.w[after], part.w[before]
        if not close(came, due, part):
            return False
        found.append((part, due, other))
    return weight(found).enough


def _enough(replies: Replies, in_order: Callable[[Part], tuple[Floats, Floats] | None]) -> bool:
    """Whether both sides are equal once they are in order, and enough of them stood at other places."""
    found, apart = [], set[float]()
    for part in replies.wrong:
        both = in_order(part)
        if both is None or not close(both[0], both[1], part):
            return False
        found.append((part, both[1], np.full_like(both[1], both[1].mean())))
        apart |= set(part.w.ravel().tolist())
    weighed = weight(found)
    # The order of a mask's few different values shows nothing.
    return weighed.bits >= BITS and weighed.values >= VALUES and len(apart) >= LEVELS


def _sorted_rows(part: Part, axis: int) -> tuple[Floats, Floats] | None:
    if part.w.shape[axis] < SHORTEST:
        return None
    g, w = (np.moveaxis(side, axis, 0).reshape(part.w.shape[axis], -1) for side in (part.g, part.w))
    mix = np.cos(np.arange(1, w.shape[1] + 1, dtype=np.float64))  # a number for each row, so that rows can be sorted
    return g[np.argsort(g @ mix)], w[np.argsort(w @ mix)]


def _sorted_values(part: Part) -> tuple[Floats, Floats] | None:
    return (np.sort(part.g, axis=None), np.sort(part.w, axis=None)) if part.w.size >= SHORTEST else None


def along(axis: int, axes: int) -> str:
    """The axis in words; nothing if there is only one."""
    return f" along axis {axis}" if axes > 1 else ""


def _squeezed(side: Floats) -> tuple[int, ...]:
    return tuple(n for n in side.shape if n != 1)


def _is_swap(order: tuple[int, ...]) -> bool:
    return sum(here != there for here, there in enumerate(order)) == 2


def _by(change: Callable[[Floats], Floats]) -> Image:
    def image(part: Part) -> Floats | None:
        try:
            return change(part.w)
        except ValueError:  # numpy's, for an axis that this part does not have
            return None

    return image


def _permuted(order: tuple[int, ...]) -> Callable[[Floats], Floats]:
    return lambda a: a.transpose(order)


def _flipped(axis: int) -> Callable[[Floats], Floats]:
    return lambda a: np.flip(a, axis)


def _rolled(axis: int, step: int) -> Callable[[Floats], Floats]:
    return lambda a: np.roll(a, step, axis)
