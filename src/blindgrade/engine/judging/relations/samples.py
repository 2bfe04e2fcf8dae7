"""Relations between samples: coefficients of a sample that are spread along another axis."""

from __future__ import annotations

import numpy as np

from blindgrade.engine.judging.relations.evidence import close, weight
from blindgrade.engine.judging.relations.parts import Floats, Part, Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation

FEWEST = 3  # samples: with two, a matrix of coefficients shows nothing


def batch_mixed(replies: Replies) -> Relation | None:
    """The coefficients of the samples run along another axis than the first."""
    if not replies.arithmetic or any(part.exact for part in replies.wrong):
        return None
    deepest = min(part.w.ndim for part in replies.wrong)
    for axis in range(-1, -deepest, -1):
        found, chosen = [], 0
        for part in replies.wrong:
            image = _spread_along(part, axis)
            if image is None or not close(part.g, image, part):
                break
            found.append((part, image, part.w))
            chosen += len(part.w) - 1
        if len(found) == len(replies.wrong) and weight(found).less(chosen).enough:
            where = "the last axis" if axis == -1 else f"axis {axis}"
            text = f"is right up to one coefficient for each sample, and these run along {where} instead of axis 0"
            return said(replies, Name.BATCH_MIXED, text)
    return None


def _spread_along(part: Part, axis: int) -> Floats | None:
    """The expected values with the coefficients that fit best along the axis instead of along axis 0."""
    g, w = part.g, part.w
    count = len(w)
    if count < FEWEST or w.shape[axis] != count or w.ndim < 2:
        return None
    came, due = (np.moveaxis(side, axis, 1).reshape(count, count, -1) for side in (g, w))
    first, due_first = came[0], due[0]
    # Of each pair of samples the largest value gives the most exact ratio.
    best = np.abs(due_first).argmax(axis=1)
    rows = np.arange(count)
    if bool((due_first[rows, best] == 0).any()):
        return None
    coefficients = first[rows, best] / due_first[rows, best]  # c[j] / c[0]
    if not np.isfinite(coefficients).all() or bool((coefficients == 0).any()):
        return None
    image = due * (coefficients[None, :] / coefficients[:, None])[..., None]
    shape = np.moveaxis(w, axis, 1).shape
    back: Floats = np.moveaxis(image.reshape(shape), 1, axis)
    return back
