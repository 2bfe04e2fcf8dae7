"""The parts of two replies, side by side: each value of the expected reply with what came in its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blindgrade.agreement import UNCHANGED, Tolerance, agrees, is_error, tolerance_of
from blindgrade.engine.answers.given import Given

Floats = NDArray[np.float64]
Path = tuple[str | int, ...]

MOST_PARTS = 400
MOST_VALUES = 1 << 18  # numbers of a reply; nothing is said about a larger one
SMALLEST_TABLE = 3  # rows and columns; a list of pairs is rather a list of cases
NONE = np.empty(0)
LARGEST_INT = 1 << 53  # up to here a float is exact


@dataclass
class Part:
    """A value of the expected reply and the student's in its place.

    `atol` and `rtol` are the tolerance of the comparison. `right` says whether they agree.
    """

    path: Path
    got: Any
    want: Any
    atol: float
    rtol: float
    right: bool = False

    @cached_property
    def g(self) -> Floats:
        """The student's numbers; an empty array if the value has none."""
        return numbers(self.got)

    @cached_property
    def w(self) -> Floats:
        """The expected numbers; an empty array if the value has none."""
        return numbers(self.want)

    @cached_property
    def differs(self) -> NDArray[np.bool_]:
        """Which of the student's numbers are not within the tolerance. Only of parts that are alike."""
        off: NDArray[np.bool_] = ~(np.abs(self.g - self.w) <= self.atol + self.rtol * np.abs(self.w))
        return off

    @cached_property
    def exact(self) -> bool:
        """Whether the expected numbers are whole numbers or yes and no."""
        return not _is_float(self.want)

    @cached_property
    def truths(self) -> bool:
        """Whether the expected values are yes and no."""
        return isinstance(_first(self.want), bool) or isinstance(self.want, Tensor) and self.want.dtype == torch.bool

    @cached_property
    def alike(self) -> bool:
        """Whether both are numbers of one kind and shape."""
        return self.numbers and self.g.shape == self.w.shape

    @cached_property
    def numbers(self) -> bool:
        """Whether both are numbers of one kind, in any shape."""
        return self.g.size > 0 and self.w.size > 0 and _of_one_kind(self.got, self.want)

    @cached_property
    def says_unchanged(self) -> bool:
        """Whether this is the answer to the question whether the arguments stayed as they were."""
        last = self.path[-1] if self.path else ""
        return isinstance(last, str) and last.endswith(UNCHANGED) and isinstance(self.want, bool)

    @cached_property
    def about_error(self) -> bool:
        """Whether one of the two is the name of an exception."""
        return is_error(self.got) or is_error(self.want)


@dataclass(frozen=True)
class Replies:
    """Two replies of one experiment, part by part.

    `of_gradients`: the experiment takes gradients. `look_up` finds what the experiment gives to the code.
    """

    parts: list[Part]
    misfits: list[tuple[Path, Any, Any]]
    of_gradients: bool = False
    look_up: Callable[[], Given] = dict

    @cached_property
    def given(self) -> Given:
        """Arguments of the code, by the digests of their values."""
        return self.look_up()

    @cached_property
    def wrong(self) -> list[Part]:
        """Parts that do not agree."""
        return [part for part in self.parts if not part.right]

    @cached_property
    def values(self) -> list[Part]:
        """Parts but those about changed arguments."""
        return [part for part in self.parts if not part.says_unchanged]

    @cached_property
    def of_numbers(self) -> bool:
        """Whether every wrong part has numbers of the expected kind, in any shape, and nothing else is wrong."""
        return bool(self.wrong) and not self.misfits and all(part.numbers for part in self.wrong)

    @cached_property
    def numeric(self) -> bool:
        """Whether every wrong part has numbers of the expected kind and shape, and nothing else is wrong."""
        return bool(self.wrong) and not self.misfits and all(part.alike for part in self.wrong)

    @cached_property
    def arithmetic(self) -> bool:
        """Whether all of it can be calculated with: numbers that are finite, and not yes and no."""
        return self.numeric and not any(
            part.truths or not np.isfinite(part.g).all() or not np.isfinite(part.w).all() for part in self.wrong
        )


def compared(
    got: Any,
    want: Any,
    atol: Tolerance,
    rtol: Tolerance,
    *,
    of_gradients: bool = False,
    given: Callable[[], Given] = dict,
) -> Replies | None:
    """The replies' parts; None if there are too many, or too many numbers."""
    if size_of(got) > MOST_VALUES or size_of(want) > MOST_VALUES:
        return None
    misfits: list[tuple[Path, Any, Any]] = []
    parts: list[Part] = []
    for path, one, other in _pairs(got, want, (), misfits):
        if len(parts) >= MOST_PARTS:
            return None
        a, r = tolerance_of(_first(other) if isinstance(other, list | tuple) else other, atol, rtol)
        part = Part(path, one, other, a, r)
        part.right = _agree(part, atol, rtol)
        parts.append(part)
    return Replies(parts, misfits, of_gradients, given)


def _agree(part: Part, atol: Tolerance, rtol: Tolerance) -> bool:
    """Whether `agree` accepts the part. Finite tensors of one form need no sentence about what differs."""
    if isinstance(part.got, Tensor) and part.alike:
        if not part.differs.any():
            return True
        if math.isfinite(part.g.sum()) and math.isfinite(part.w.sum()):
            return False
    return agrees(part.got, part.want, atol=atol, rtol=rtol)


def _pairs(got: Any, want: Any, path: Path, misfits: list[tuple[Path, Any, Any]]) -> Iterator[tuple[Path, Any, Any]]:
    """Pairs of values in both replies. Containers that do not fit each other go to `misfits`."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or set(got) != set(want):
            misfits.append((path, got, want))
        if isinstance(got, dict):
            for key in want:
                if key in got:
                    yield from _pairs(got[key], want[key], (*path, key), misfits)
    elif isinstance(want, list | tuple) and not _is_sequence(want) and not _are_labels(got, want):
        if not isinstance(got, list | tuple) or len(got) != len(want):
            misfits.append((path, got, want))
        else:
            for index, (one, other) in enumerate(zip(got, want, strict=True)):
                yield from _pairs(one, other, (*path, index), misfits)
    else:
        yield path, got, want


def _is_sequence(value: Any) -> bool:
    """Whether this is a list of numbers of one kind, or a table of them, which is looked at as a whole."""
    if not isinstance(value, list | tuple) or len(value) < 2:
        return False
    if all(isinstance(item, list | tuple) for item in value):
        widths = {len(item) for item in value}
        return (
            len(value) >= SMALLEST_TABLE and len(widths) == 1 and min(widths) >= SMALLEST_TABLE
            and all(map(_is_sequence, value)) and len({_kind(_first(item)) for item in value}) == 1
            and not isinstance(value[0][0], list | tuple)
        )  # fmt: skip
    return all(type(item) in (int, float, bool) for item in value) and len({_kind(item) for item in value}) == 1


def _are_labels(got: Any, want: Any) -> bool:
    """Whether these are two lists of as many texts, which are looked at as a whole."""
    return (
        all(isinstance(value, list | tuple) and len(value) > 1 for value in (got, want))
        and len(got) == len(want)
        and all(isinstance(item, str) and not is_error(item) for item in (*got, *want))
    )


def _kind(item: Any) -> str:
    return "bool" if isinstance(item, bool) else "float" if isinstance(item, float) else "int"


def numbers(value: Any) -> Floats:
    """Numbers of a tensor, of a list or table of numbers or of one number; an empty array if the value has none."""
    if isinstance(value, Tensor):
        value = value.detach()
        if value.is_complex():
            value = torch.view_as_real(value.resolve_conj())
        if not value.is_floating_point() and value.dtype != torch.bool and value.numel():
            low, high = value.aminmax() if value.ndim else (value, value)
            if int(low) < -LARGEST_INT or int(high) > LARGEST_INT:
                return NONE
        return value.to(torch.float64).numpy()  # type: ignore[no-any-return]  # numpy has no types for torch
    if type(value) in (int, float, bool):
        return np.array(value, dtype=np.float64) if isinstance(value, float) or abs(value) <= LARGEST_INT else NONE
    if _is_sequence(value):
        array = np.array(value, dtype=np.float64)
        return array if isinstance(_first(value), float) or not bool((np.abs(array) > LARGEST_INT).any()) else NONE
    return NONE


def _is_float(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point() or value.is_complex()
    return isinstance(_first(value), float)


def _first(value: Any) -> Any:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def _of_one_kind(got: Any, want: Any) -> bool:
    """Whether `agree` would compare these numbers: a whole number may stand for a float, and not the reverse."""
    if isinstance(got, Tensor) or isinstance(want, Tensor):
        return isinstance(got, Tensor) and isinstance(want, Tensor) and got.dtype == want.dtype
    came, due = _kind(_first(got)), _kind(_first(want))
    return came == due or (came, due) == ("int", "float")


def size_of(value: Any) -> int:
    """Numbers and other parts of a reply."""
    if isinstance(value, Tensor):
        return value.numel()
    if isinstance(value, Mapping):
        return sum(map(size_of, value.values())) + len(value)
    if isinstance(value, list | tuple):
        return sum(map(size_of, value)) + len(value)
    return 1
