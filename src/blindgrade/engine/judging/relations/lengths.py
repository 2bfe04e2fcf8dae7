"""Relations of lengths: an entry too few or too many, an axis that was reduced or was not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from blindgrade.agreement import agrees
from blindgrade.engine.judging.relations.axes import along
from blindgrade.engine.judging.relations.evidence import close, weight
from blindgrade.engine.judging.relations.parts import Floats, Part, Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation

ENDS = (("last", slice(None, -1)), ("first", slice(1, None)))  # the end, and what remains without it
ONE_ENTRY = (
    (Name.ONE_SHORT, "lacks only the {} entry{}", "w"),
    (Name.ONE_LONG, "has one entry too many, the {} one{}; the others are right", "g"),
)
FEWEST = 2  # entries that are left to compare
REDUCTIONS: list[tuple[str, Callable[..., Any]]] = [("sum", np.sum), ("mean", np.mean), ("largest value", np.max)]


def one_more_or_less(replies: Replies) -> Relation | None:
    """All entries along an axis are right, but the first or the last is missing or too many."""
    if not replies.of_numbers:
        return None
    first = replies.wrong[0]
    if first.g.ndim != first.w.ndim:
        return None
    for axis in (n for n in range(first.w.ndim) if abs(first.g.shape[n] - first.w.shape[n]) == 1):
        for where, keep in ENDS:
            for name, text, long_side in ONE_ENTRY:
                if _all_but_one(replies, axis, keep, long_side):
                    return said(replies, name, text.format(where, along(axis, first.w.ndim)))
    return None


def _all_but_one(replies: Replies, axis: int, keep: slice, long_side: str) -> bool:
    found = []
    for part in replies.wrong:
        g, w = part.g, part.w
        if axis >= w.ndim or g.ndim != w.ndim:
            return False
        cut = (*[slice(None)] * axis, keep)
        came, due = (g, w[cut]) if long_side == "w" else (g[cut], w)
        if came.shape != due.shape or due.shape[axis] < FEWEST or not close(came, due, part):
            return False
        found.append((part, due, np.full_like(due, due.mean())))
    return weight(found).enough


def list_one_more_or_less(replies: Replies) -> Relation | None:
    """The same of lists of other things than numbers, where nothing else is wrong."""
    if replies.wrong or not replies.misfits:
        return None
    lists = [(got, want) for _, got, want in replies.misfits if isinstance(got, list) and isinstance(want, list)]
    if len(lists) < len(replies.misfits) or sum(min(len(got), len(want)) for got, want in lists) < 2 * FEWEST:
        return None
    for where, keep in ENDS:
        for name, text, long_side in ONE_ENTRY:
            sides = [(got, want[keep]) if long_side == "w" else (got[keep], want) for got, want in lists]
            if all(len(one) == len(other) and agrees(one, other) for one, other in sides):
                sentence = f"Your result {text.format(where, '')}."
                return Relation(name, sentence, sentence)
    return None


def reduced(replies: Replies) -> Relation | None:
    """The sum, mean or largest value of the expected values along an axis, or the reverse."""
    if not replies.of_numbers or any(part.truths for part in replies.wrong):
        return None
    first = replies.wrong[0]
    if first.g.size == first.w.size:
        return None
    down = first.g.size < first.w.size
    axes = max(first.g.ndim, first.w.ndim)
    for axis in (*range(axes), None):
        for what, function in REDUCTIONS:
            if _reduces(replies, axis, function, down):
                over = along(axis, axes) if axis is not None else " over all axes"
                if down:
                    return said(replies, Name.REDUCED, f"is the {what} of the expected values{over}")
                return said(replies, Name.NOT_REDUCED, f"is not reduced: its {what}{over} is the expected value")
    return None


def _reduces(replies: Replies, axis: int | None, function: Callable[..., Any], down: bool) -> bool:
    found = []
    for part in replies.wrong:
        g, w = part.g, part.w
        long, short = (w, g) if down else (g, w)
        if long.ndim == 0 or (axis is not None and (axis >= long.ndim or long.shape[axis] < FEWEST)):
            return False
        made = np.asarray(function(long, axis=axis))
        if made.size != short.size or _spread(long, axis, part):
            return False
        made = made.reshape(short.shape)
        image, came = (made, g) if down else (w, made)
        if not close(came, image, part):
            return False
        found.append((part, image, np.zeros_like(image)))
    return weight(found).enough


def _spread(long: Floats, axis: int | None, part: Part) -> bool:
    """Whether all entries along the axis are equal, so that a mean would show nothing."""
    return bool((np.abs(long - long.mean(axis=axis, keepdims=True)) <= part.atol + part.rtol * np.abs(long)).all())
