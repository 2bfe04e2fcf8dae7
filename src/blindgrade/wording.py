"""Places, values, shapes and dtypes of a reply in words, for messages about a check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

CHANGED = "the call changed its arguments; expected that they stay as they were"
NO_ERROR = "no error was raised"
KINDS = {float: "a float", int: "an int", bool: "a bool", str: "a string", type(None): "None", dict: "a dict"}
DTYPES = {
    torch.float64: "double precision",
    torch.float32: "single precision",
    torch.float16: "half precision",
    torch.bfloat16: "half precision",
    torch.int64: "whole numbers",
    torch.int32: "whole numbers",
    torch.bool: "True or False",
}
FEWEST, ENOUGH = 6, 17  # significant digits of a number; with 17, no two different floats look alike


# ---------------------------------------------------------------- places


def place(path: Sequence[Any], root: str = "") -> str:
    """Place in words: the name of a case as it is, a key that is a name as code, an index as an item."""
    return ", ".join([*([root] if root else []), *(_step(key) for key in path)])


def _step(key: Any) -> str:
    if isinstance(key, str):
        return f"`{key}`" if key.isidentifier() else key
    return f"item {key}" if isinstance(key, int) and not isinstance(key, bool) else f"key {key!r}"


def index(at: tuple[int, ...]) -> str:
    """Index of a tensor's value in words."""
    if len(at) == 1:
        return f"index {at[0]}"
    if len(at) == 2:
        return f"row {at[0]}, column {at[1]}"
    return f"index {list(at)}"


def with_index(words: str, at: tuple[int, ...]) -> str:
    """Place of a value in the tensor at the place `words`."""
    return f"{words}, {index(at)}," if at else words


def items(count: int) -> str:
    """Number of items."""
    return "1 item" if count == 1 else f"{count} items"


# ---------------------------------------------------------------- numbers


def numbers_differ(got: Any, want: Any, bound: float) -> str:
    """Both numbers with digits until they differ, their difference, and the tolerance if there is one."""
    one, other = unlike(got, want)
    said = f"is {one}; expected {other}"
    if isinstance(got, bool) or isinstance(want, bool):
        return said
    try:
        gap = abs(got - want)
    except (OverflowError, TypeError):
        return said
    if not math.isfinite(gap):
        return said
    tolerance = f", and the tolerance is {bound:.2g}" if bound else ""
    return f"{said} (they differ by {gap:.2g}{tolerance})"


def unlike(one: Any, other: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes until they look different."""
    if not isinstance(one, float | complex) and not isinstance(other, float | complex):
        return str(one), str(other)
    texts = str(one), str(other)
    for digits in range(FEWEST, ENOUGH + 1):
        texts = _number(one, digits), _number(other, digits)
        if texts[0] != texts[1]:
            break
    # Two digits more show by how much they differ.
    return (_number(one, digits + 2), _number(other, digits + 2)) if FEWEST < digits < ENOUGH - 1 else texts


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float | complex) else str(value)


# ---------------------------------------------------------------- shapes, dtypes, kinds


def not_finite(tensors: Sequence[Tensor]) -> str:
    """Sentence about values that are NaN or infinite; empty if every value is finite."""
    nan = sum(int(tensor.isnan().sum()) for tensor in tensors)
    infinite = sum(int(tensor.isinf().sum()) for tensor in tensors)
    of = sum(tensor.numel() for tensor in tensors)
    found = [f"{count} {what}" for count, what in ((nan, "NaN"), (infinite, "infinite")) if count]
    return f"the result has NaN or infinite values: {' and '.join(found)}, of {of} values" if found else ""


def dtype(kind: torch.dtype) -> str:
    """Name of the dtype, with what it holds."""
    name = str(kind).removeprefix("torch.")
    return f"{name} ({DTYPES[kind]})" if kind in DTYPES else name


def shapes_differ(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    """Both shapes, and in words how they differ."""
    return f"has shape {_shape(got)}; expected {_shape(want)}{_how(got, want)}"


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape}" if shape else "() (one number, no axis)"


def _how(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    if [n for n in got if n != 1] == [n for n in want if n != 1] and len(got) != len(want):
        count = abs(len(got) - len(want))
        axes = "an axis of size 1 is" if count == 1 else f"{count} axes of size 1 are"
        return f": {axes} {'missing' if len(got) < len(want) else 'too many' if count > 1 else 'extra'}"
    if len(got) == len(want):
        if sorted(got) == sorted(want):
            return ": the axes are in another order"
        wrong = [n for n in range(len(want)) if got[n] != want[n]]
        return f": axis {wrong[0]} has {got[wrong[0]]} instead of {want[wrong[0]]}" if len(wrong) == 1 else ""
    return f": {_axes(len(got))} instead of {len(want)}" if got and want else ""


def _axes(count: int) -> str:
    return "1 axis" if count == 1 else f"{count} axes"


def listed(mapping: Mapping[Any, Any], most: int = 8) -> str:
    """Keys of a mapping, in one line."""
    keys = [repr(key) for key in mapping]
    more = f" and {len(keys) - most} more" if len(keys) > most else ""
    return (", ".join(keys[:most]) or "(none)") + more


def describe(value: Any, *, show: bool = True) -> str:
    """Short noun phrase for a value of any type that the wire carries. Without `show` it reveals no value."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)} and dtype {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, list | tuple):
        # A NumPy array crosses the wire as a list with a description of itself.
        return getattr(value, "form", "") or f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, dict):
        return f"a dict with the keys {listed(value)}"
    if value is None:
        return "None (does the function end without a return?)" if show else "None"
    if type(value) in KINDS:
        return f"{value!r}" if show else KINDS[type(value)]
    return f"an object of the class {getattr(value, 'type_name', type(value).__name__)}"
