"""Relations by a factor or a term: negated, scaled, offset, proportional."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from blindgrade.engine.judging.relations.evidence import Image, close, holds, weight
from blindgrade.engine.judging.relations.parts import Floats, Part, Replies
from blindgrade.engine.judging.relations.places import said
from blindgrade.engine.judging.relations.relation import Name, Relation

CONSTANTS: dict[str, float] = {
    "twice the expected value": 2.0,
    "half of the expected value": 0.5,
    "4 times the expected value": 4.0,
    "a quarter of the expected value": 0.25,
    "√2 times the expected value": math.sqrt(2),
    "the expected value divided by √2": math.sqrt(0.5),
    "π times the expected value": math.pi,
    "the expected value divided by π": 1 / math.pi,
    "π/2 times the expected value": math.pi / 2,
    "2/π times the expected value": 2 / math.pi,
    "2π times the expected value": 2 * math.pi,
    "the expected value divided by 2π": 0.5 / math.pi,
    "√(2π) times the expected value": math.sqrt(2 * math.pi),
    "the expected value divided by √(2π)": 1 / math.sqrt(2 * math.pi),
    "ln 2 times the expected value": math.log(2),
    "the expected value divided by ln 2": 1 / math.log(2),
    "180/π times the expected value, as degrees are to radians": 180 / math.pi,
    "π/180 times the expected value, as radians are to degrees": math.pi / 180,
    "100 times the expected value": 100.0,
    "a hundredth of the expected value": 0.01,
    "1000 times the expected value": 1e3,
    "a thousandth of the expected value": 1e-3,
    "a million times the expected value": 1e6,
    "a millionth of the expected value": 1e-6,
    "1024 times the expected value": 1024.0,
    "the expected value divided by 1024": 1 / 1024,
    "1000/1024 of the expected value": 1e3 / 1024,
    "1024/1000 of the expected value": 1.024,
    "1000²/1024² of the expected value, as megabytes are to mebibytes": (1e3 / 1024) ** 2,
    "1024²/1000² of the expected value, as mebibytes are to megabytes": 1.024**2,
    "1000³/1024³ of the expected value, as gigabytes are to gibibytes": (1e3 / 1024) ** 3,
    "1024³/1000³ of the expected value, as gibibytes are to gigabytes": 1.024**3,
    "255 times the expected value": 255.0,
    "the expected value divided by 255": 1 / 255,
}
TERMS = {"1 more than": 1.0, "1 less than": -1.0, "½ more than": 0.5, "½ less than": -0.5, "2 more than": 2.0,
         "2 less than": -2.0}  # fmt: skip
TIMES = "the expected value times"
# Factors that a whole number n makes: in words, n of a factor, the factor of n, and the largest n.
COUNTS: list[tuple[str, Callable[[float], float], Callable[[int], float], int]] = [
    ("the expected value times {}", lambda f: f, float, 4096),
    ("the expected value divided by {}", lambda f: 1 / f, lambda n: 1 / n, 4096),
    ("the expected value times the root of {}", lambda f: f * f, math.sqrt, 4096),
    ("the expected value divided by the root of {}", lambda f: 1 / (f * f), lambda n: 1 / math.sqrt(n), 4096),
    (f"{TIMES} √(n/(n - 1)), where n is {{}}", lambda f: f * f / (f * f - 1), lambda n: math.sqrt(n / (n - 1)), 64),
    (f"{TIMES} √((n - 1)/n), where n is {{}}", lambda f: 1 / (1 - f * f), lambda n: math.sqrt((n - 1) / n), 64),
    (f"{TIMES} n/(n - 1), where n is {{}}", lambda f: f / (f - 1), lambda n: n / (n - 1), 64),
    (f"{TIMES} (n - 1)/n, where n is {{}}", lambda f: 1 / (1 - f), lambda n: (n - 1) / n, 64),
]  # fmt: skip
SMALLEST_COUNT = 2
FINE = 2e-6  # relative distance from a whole number: far below the tolerance, so that chance does not explain it
FEWEST = 4  # different values that share a factor which is not recognised


def negated(replies: Replies) -> Relation | None:
    """Exactly minus the expected values."""
    if not replies.arithmetic or not holds(replies, _times(-1.0), of_values=True).enough:
        return None
    return said(replies, Name.NEGATED, "is exactly minus the expected value", neutral=_unmoved(_times(-1.0)))


def scaled(replies: Replies) -> Relation | None:
    """A recognised multiple of the expected values, in each case the same or the same function of a size."""
    if not replies.arithmetic or (factors := _factors(replies)) is None:
        return None
    first = factors[0]
    sign, words = ("minus ", -1.0) if first < 0 else ("", 1.0)
    for text, constant in CONSTANTS.items():
        factor = words * constant
        if abs(first - factor) <= 1e-3 * abs(factor) and holds(replies, _times(factor), of_values=True).enough:
            found = said(replies, Name.SCALED, f"is exactly {sign}{text}", neutral=_unmoved(_times(factor)))
            return _weakened(replies, found, f"{factor:g}")
    return _by_a_size(replies, factors) or _by_a_count(replies, factors)


def _weakened(replies: Replies, found: Relation, key: str) -> Relation:
    """The relation with what remains of it if another check has another factor."""
    return replace(found, key=key, cases=len(replies.wrong), weaker=proportional(replies))


def _by_a_size(replies: Replies, factors: list[float]) -> Relation | None:
    """Scaled by a size that differs between the cases."""
    if len(set(np.round(np.log(np.abs(factors)), 6))) < 2:
        return None
    for words, power in (
        ("times", 1.0),
        ("divided by", -1.0),
        ("times the root of", 0.5),
        ("divided by the root of", -0.5),
    ):
        for what, size in _sizes(replies.wrong[0]):
            image = _image_by(size, power)
            if (
                abs(factors[0] - size(replies.wrong[0]) ** power) <= FINE * abs(factors[0])
                and holds(replies, image, of_values=True).enough
            ):
                predicate = f"is the expected value {words} {what}"
                return _weakened(replies, said(replies, Name.SCALED, predicate, neutral=_unmoved(image)), predicate)
    return None


def _by_a_count(replies: Replies, factors: list[float]) -> Relation | None:
    """Scaled by a whole number, or by its root: the same in every case, or another one in each."""
    if min(factors) <= 0 or 1.0 in factors:  # a factor of 1 has no n
        return None
    for words, whole, value, largest in COUNTS:
        raw = [whole(factor) for factor in factors]
        if not all(SMALLEST_COUNT - 1 <= one <= 2 * largest for one in raw):  # also not if one is NaN
            continue
        counts = [round(value) for value in raw]
        near = all(abs(one - n) <= FINE * n for one, n in zip(raw, counts, strict=True))
        if not near or min(counts) < SMALLEST_COUNT or max(counts) > largest:
            continue
        number = {id(part): value(n) for part, n in zip(replies.wrong, counts, strict=True)}
        if not holds(replies, _by_numbers(number), of_values=True).less(len(set(counts))).enough:
            continue
        a_number = "a whole number" if len(set(counts)) == 1 else "a whole number, another one in each case"
        shown = str(counts[0]) if len(set(counts)) == 1 else a_number
        found = said(replies, Name.SCALED, f"is {words.format(shown)}", f"is {words.format(a_number)}")
        return _weakened(replies, found, words)
    return None


def _by_numbers(number: dict[int, float]) -> Image:
    return lambda part: number[id(part)] * part.w


def offset(replies: Replies) -> Relation | None:
    """More or less than the expected values by the same amount everywhere."""
    if not replies.arithmetic or any(part.exact for part in replies.wrong):
        return None
    first = replies.wrong[0]
    near = float((first.g - first.w).flat[0])
    for words, term in TERMS.items():
        if abs(near - term) < 0.25 and holds(replies, _plus(term), of_values=True).enough:
            return _if_not_scattered(
                replies,
                said(replies, Name.OFFSET, f"is exactly {words} the expected value", neutral=_unmoved(_plus(term))),
            )
    found = []
    for part in replies.wrong:
        image = part.w + (part.g - part.w).mean()
        if len(np.unique(part.w)) < FEWEST or not close(part.g, image, part):
            return None
        found.append((part, image, part.w))
    if not weight(found).less(len(found)).enough:
        return None
    return _if_not_scattered(
        replies, said(replies, Name.OFFSET, "is off by the same amount everywhere" + _in_each(replies))
    )


def _if_not_scattered(replies: Replies, found: Relation) -> Relation | None:
    """The relation if it holds for the whole result or a part that can be named.

    A check may add a number itself, to see whether two things share memory. Then it is in some places only.
    """
    return None if found.scattered else found


def proportional(replies: Replies) -> Relation | None:
    """Each case, or each sample of it, is a multiple of the expected one by a factor of its own."""
    if not replies.arithmetic or any(part.exact for part in replies.wrong):
        return None
    return _proportional(replies, "case") or _proportional(replies, "sample")


def _proportional(replies: Replies, unit: str) -> Relation | None:
    found: list[tuple[Part, Floats, Floats]] = []
    factors: list[float] = []
    for part in replies.wrong:
        for g, w in _units(part, unit):
            factor = _factor(g, w)
            if factor is None or not close(g, factor * w, part):
                return None
            if len(np.unique(w)) >= FEWEST - 1:  # a single number is a multiple of any other
                found.append((part, factor * w, w))
                factors.append(factor)
    if not factors or not weight(found).less(len(factors)).enough:
        return None
    several = max(factors) - min(factors) > 1e-4 * abs(factors[0])
    by = f"a factor of its own for each {unit}" if several else "one factor"
    return said(replies, Name.PROPORTIONAL, f"is the expected value times {by}")


def _units(part: Part, unit: str) -> list[tuple[Floats, Floats]]:
    """Pairs of numbers that share a factor: the whole part, or each of its samples."""
    if unit == "case" or part.w.ndim == 0:
        return [(part.g, part.w)]
    return list(zip(part.g, part.w, strict=True))


def _in_each(replies: Replies) -> str:
    return ", in each case by its own" if len(replies.wrong) > 1 else ""


def _factor(g: Floats, w: Floats) -> float | None:
    """Factor that fits best; None if there is none."""
    square = float((w * w).sum())
    factor = float((g * w).sum()) / square if square > 0 else 0.0
    return factor if math.isfinite(factor) and factor != 0.0 else None


def _factors(replies: Replies) -> list[float] | None:
    """Factor of each wrong part; None if one of them is no multiple."""
    found = []
    for part in replies.wrong:
        factor = _factor(part.g, part.w)
        if factor is None or not close(part.g, factor * part.w, part):
            return None
        found.append(factor)
    return found


def _times(factor: float) -> Image:
    return lambda part: factor * part.w


def _plus(term: float) -> Image:
    return lambda part: part.w + term


def _image_by(size: Callable[[Part], float], power: float) -> Image:
    return lambda part: part.w * size(part) ** power


def _sizes(part: Part) -> Iterator[tuple[str, Callable[[Part], float]]]:
    """Sizes that a part has: of its axes, counted from both ends, and of the whole."""
    for axis in range(part.w.ndim):
        yield f"the size of axis {axis}", _size_of(axis)
    for axis in range(-1, -part.w.ndim - 1, -1):
        yield f"the size of axis {axis}", _size_of(axis)
    yield "the number of its values", lambda one: float(one.w.size)


def _size_of(axis: int) -> Callable[[Part], float]:
    def size(part: Part) -> float:
        return float(part.w.shape[axis]) if -part.w.ndim <= axis < part.w.ndim else math.nan

    return size


def _unmoved(image: Image) -> Callable[[Part], bool]:
    """Whether a right part stays as it is under the relation."""

    def unmoved(part: Part) -> bool:
        if not part.w.size or part.truths:
            return False
        made = image(part)
        return made is not None and close(part.w, made, part)

    return unmoved
