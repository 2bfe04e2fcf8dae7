"""Evidence in parts of replies, for wrong answers that have a misconception and another fault as well.

A check's reply often has several cases and values. A student who holds a misconception may write the rest of the
function in another way. Then no whole reply is equal, but the tensors that the misconception makes wrong are. Chance
does not make several real numbers equal within tolerance, so such a part is evidence. Flags, whole numbers, exceptions
and constant tensors are none: many mistakes share them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from blindgrade.agreement import agrees
from blindgrade.checks import Check
from blindgrade.engine.wire.replies import Result

VALUES = 4  # wrong numbers in tensors that must be equal
NUMBERS = 2  # or different single numbers
SHARE = 0.25  # of the parts that the misconception makes wrong, at least
Path = tuple[Any, ...]


class Case(NamedTuple):
    """A failed check: its number among all, the student's reply and the reference's."""

    number: int
    check: Check
    student: Any
    right: Any


@dataclass
class _Found:
    """Parts of failed checks in which a misconception is wrong, and those of them that the student's reply shares."""

    wrong: int = 0
    shared: int = 0
    values: int = 0
    numbers: set[float] = field(default_factory=set)
    checks: set[int] = field(default_factory=set)

    @property
    def enough(self) -> bool:
        return (self.values >= VALUES or len(self.numbers) >= NUMBERS) and self.shared >= SHARE * self.wrong


def by_parts(
    names: Sequence[str],
    cases: Sequence[Case],
    reply: Callable[[str, Case], object],
    passed_alike: Callable[[str], int] = lambda name: 0,
) -> tuple[str, set[int]] | None:
    """The one misconception whose wrong numbers the student shares, and the numbers of the checks that show it.

    None if there is none, or if another one shares as many parts. `reply` is the misconception's own reply.
    `passed_alike` is the number of passed checks that the misconception also passes: it counts among equals.
    """
    found = {name: _look(cases, lambda case, name=name: reply(name, case)) for name in names}  # type: ignore[misc]
    most = max((one.shared for one in found.values() if one.enough), default=0)
    best = [name for name, one in found.items() if one.enough and one.shared == most]
    if len(best) > 1:
        alike = {name: passed_alike(name) for name in best}
        best = [name for name in best if alike[name] == max(alike.values())]
    return (best[0], found[best[0]].checks) if len(best) == 1 else None


def _look(cases: Sequence[Case], reply: Callable[[Case], object]) -> _Found:
    found = _Found()
    for case in cases:
        known = reply(case)
        if not isinstance(known, Result):
            continue
        for path, part in _numbers(known.value, ()):
            right, own = _at(case.right, path), _at(case.student, path)
            if _same(case.check, part, right):
                continue
            found.wrong += 1
            if own is not None and _same(case.check, own, part):
                found.shared += 1
                found.checks.add(case.number)
                if isinstance(part, Tensor):
                    found.values += _different(part, right)
                elif math.isfinite(part):
                    found.numbers.add(part)
    return found


def _numbers(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Tensors of real numbers and single real numbers in a reply, with the keys that lead to them."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif isinstance(value, float) or (isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex())):
        yield path, value


def _at(value: Any, path: Path) -> Any:
    """Part of a reply at these keys; None if it has none."""
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _same(check: Check, one: Any, other: Any) -> bool:
    return agrees(one, other, atol=check.atol, rtol=check.rtol)


def _different(part: Tensor, right: Any) -> int:
    """Number of values that are finite and not the right ones, at most VALUES. A constant tensor shows nothing."""
    if part.numel() < VALUES or bool((part == part.flatten()[0]).all()):
        return 0
    wrong = torch.isfinite(part)
    if isinstance(right, Tensor) and right.shape == part.shape:
        wrong = wrong & ~torch.isclose(part, right.to(part.dtype))
    return min(VALUES, int(wrong.sum()))
