"""Evidence for a relation: it holds within tolerance, on enough values, and chance does not explain it.

A value counts if the relation changes it by far more than the tolerance. Its weight in bits says how unlikely it is
that another number fell within the tolerance by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from blindgrade.engine.judging.relations.parts import Floats, Part, Replies

VALUES, CASES = 4, 2  # values that count, or cases with one that does
BITS = 30.0  # one in a thousand million
MOST_BITS = 20.0  # of one value
LEAST_EFFECT = 16.0  # times the tolerance: a value that counts
FEW_LEVELS = 8  # with fewer different numbers, as in a mask, values are counted by place
REPEATED = 0.5  # share of different numbers, below which they are levels
SPECIAL = {0.0, 1.0, -1.0}  # numbers that many functions share
HALF = 0.5  # stands for the tolerance of whole numbers in the calculation of bits


class Weight(NamedTuple):
    """Weight of evidence: values that count, cases that have one, and bits."""

    values: int
    cases: int
    bits: float

    @property
    def enough(self) -> bool:
        """Whether chance is no explanation."""
        return self.bits >= BITS and (self.values >= VALUES or self.cases >= CASES)

    def less(self, parameters: int) -> Weight:
        """Weight after so many numbers were chosen to fit."""
        return Weight(self.values - parameters, self.cases, self.bits - parameters * MOST_BITS)


NOTHING = Weight(0, 0, 0.0)


def close(got: Floats, image: Floats, part: Part) -> bool:
    """Whether the student's numbers are the image of the expected ones, within the part's tolerance."""
    return bool((np.abs(got - image) <= part.atol + part.rtol * np.abs(image)).all())


def weight(pairs: list[tuple[Part, Floats, Floats]], *, of_values: bool = False) -> Weight:
    """Weight of the images of these parts: for each part what it becomes, and what it would be without the relation.

    `of_values` says that the relation is a function of each value. Then special numbers show nothing.
    """
    values, cases, bits = set[float](), 0, 0.0
    places = 0
    for part, image, other in pairs:
        tolerance = HALF if part.exact else part.atol + part.rtol * np.abs(image)
        effect = np.abs(image - other)
        each = np.clip(np.log2(effect / (2 * tolerance)), 0.0, MOST_BITS)
        counts = effect > (HALF if part.exact else LEAST_EFFECT * tolerance)
        if of_values:
            counts &= (other != 0) & (np.abs(other) != 1)
        if not counts.any():
            continue
        cases += 1
        found, first = np.unique(image[counts], return_index=True)
        if not of_values and len(found) < FEW_LEVELS and len(found) < REPEATED * counts.sum():
            places += int(counts.sum())
            bits += _entropy(image) * int(counts.sum())
            continue
        new = [n for n, value in enumerate(found.tolist()) if value not in values]
        values.update(found.tolist())
        bits += float(each[counts][first][new].sum())
    return Weight(len(values) + places, cases, bits)


def _entropy(image: Floats) -> float:
    """Bits of one of the numbers, as often as they occur."""
    shares = np.unique(image, return_counts=True)[1] / image.size
    return float(-(shares * np.log2(shares)).sum())


Image = Callable[[Part], Floats | None]


def holds(replies: Replies, image: Image, *, of_values: bool = False) -> Weight:
    """Weight of the relation over all wrong parts; NOTHING if one of them is not its image."""
    found: list[tuple[Part, Floats, Floats]] = []
    for part in replies.wrong:
        made = image(part)
        if made is None or made.shape != part.g.shape or not close(part.g, made, part):
            return NOTHING
        same_form = made.shape == part.w.shape
        found.append((part, made, part.w if same_form else np.full_like(made, made.mean())))
    return weight(found, of_values=of_values)
