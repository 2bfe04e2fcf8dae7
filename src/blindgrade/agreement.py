"""Comparison of a student's reply with the reference's: `agree`, and the sentences about what differs.

The worker loads this module, because authors of checks import it from `blindgrade.checks`. It contains no answer.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from blindgrade import wording
from blindgrade.state_dicts import keys_differ
from blindgrade.wording import describe

# Absolute and relative tolerance of `agree`, by dtype; the curriculum's convention.
TOLERANCES: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-9, 1e-7),
    torch.complex128: (1e-9, 1e-7),
    torch.float32: (1e-5, 1e-4),
    torch.complex64: (1e-5, 1e-4),
    torch.float16: (1e-3, 1e-2),
    torch.bfloat16: (1e-2, 1e-2),
}
SCALAR_TOLERANCE = (1e-6, 1e-6)
MOST = 3  # faults of one reply that are shown
THE_RESULT = "the result"
UNCHANGED = "unchanged"  # end of the name of a case that says whether the arguments stayed as they were
ERRORS = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}

Tolerance = float | Mapping[str, float] | None


class Fail(Exception):
    """The check fails.

    `message` may show inputs and expected values. Students read it for public checks only. For a hidden check they read
    `hidden`. `misconception` names the misconception that the data show, if a verdict on an outcome (a trained model)
    can see it. The engine diagnoses numeric checks.
    """

    def __init__(self, message: str, *, hidden: str | None = None, misconception: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hidden = hidden if hidden is not None else message
        self.misconception = misconception


@dataclass(frozen=True)
class Fault:
    """One difference: a sentence with values, and a sentence without them for hidden checks."""

    text: str
    hidden: str


def agree(got: Any, want: Any, *, name: str = THE_RESULT, atol: Tolerance = None, rtol: Tolerance = None) -> None:
    """Raise `Fail` unless `got` equals `want` in structure, type, shape, dtype and, within tolerance, every element.

    - Tensors must satisfy |got - want| <= atol + rtol |want|, with the tolerance of their dtype (TOLERANCES).
    - Python floats use 1e-6 for both tolerances.
    - Everything else must be equal. A list and a tuple are interchangeable.

    The message has the first three differences, each on its own line.
    """
    found = list(islice(_faults(got, want, _Place((), "" if name == THE_RESULT else name), atol, rtol), MOST + 1))
    if not found:
        return
    more = ["and more"] if len(found) > MOST else []
    raise Fail(
        ";\n".join([*(fault.text for fault in found[:MOST]), *more]),
        hidden=";\n".join([*(fault.hidden for fault in found[:MOST]), *more]),
    )


def agrees(got: Any, want: Any, *, atol: Tolerance = None, rtol: Tolerance = None) -> bool:
    """Whether `agree` would pass. It stops at the first difference."""
    return next(_faults(got, want, _Place(()), atol, rtol), None) is None


@dataclass(frozen=True)
class _Place:
    """Place in a reply: the keys and indices that lead to it, below a name."""

    path: tuple[Any, ...]
    root: str = ""

    def inside(self, key: Any) -> _Place:
        return _Place((*self.path, key), self.root)

    @property
    def words(self) -> str:
        """The place in words: "in float32, `weight`", "item 2", "the result"."""
        return wording.place(self.path, self.root) or THE_RESULT


def _faults(got: Any, want: Any, at: _Place, atol: Tolerance, rtol: Tolerance) -> Iterator[Fault]:
    if isinstance(want, Tensor):
        yield from _tensor_faults(got, want, at, atol, rtol)
    elif isinstance(want, dict):
        if not isinstance(got, dict):
            yield _other_form(at, got, f"a dict with the keys {wording.listed(want)}")
            return
        if set(got) != set(want):
            yield _open(f"{at.words}: {keys_differ(got, want)}")
        for key in want:
            if key in got:
                yield from _faults(got[key], want[key], at.inside(key), atol, rtol)
    elif isinstance(want, list | tuple):
        if not isinstance(got, list | tuple):
            yield _other_form(at, got, f"a list of {len(want)}")
        elif len(got) != len(want):
            yield _open(f"{at.words} has {wording.items(len(got))}; expected {len(want)}")
        else:
            for index, item in enumerate(want):
                yield from _faults(got[index], item, at.inside(index), atol, rtol)
    else:
        yield from _scalar_faults(got, want, at, atol, rtol)


def _open(text: str) -> Fault:
    """Difference without values: a student may read it for hidden checks, too."""
    return Fault(text, text)


def _other_form(at: _Place, got: Any, form: str) -> Fault:
    return Fault(
        f"{at.words} is {describe(got)}; expected {form}",
        f"{at.words} is {describe(got, show=False)}; expected {form}",
    )


# ---------------------------------------------------------------- numbers, texts and errors


def _scalar_faults(got: Any, want: Any, at: _Place, atol: Tolerance, rtol: Tolerance) -> Iterator[Fault]:
    number = isinstance(want, float)
    right_type = type(got) in (float, int) if number else type(got) is type(want)
    kinds = f"{at.words} is {describe(got, show=False)}; expected {describe(want, show=False)}"
    if error := _about_an_error(got, want, at):
        yield Fault(error, _hidden_error(got, want, at) or (f"{at.words} has the wrong value" if right_type else kinds))
    elif not right_type:
        yield Fault(f"{at.words} is {describe(got)}; expected {describe(want)}", kinds)
    elif number:
        a, r = tolerance_of(want, atol, rtol)
        both_nan = math.isnan(got) and math.isnan(want)
        # With an infinite `want`, the bound would be infinite and every number would pass.
        bound = a + r * abs(want)
        close = math.isfinite(want) and abs(got - want) <= bound
        if not (both_nan or got == want or close):
            said = f"{at.words} {wording.numbers_differ(got, want, bound)}"
            yield Fault(said, f"{at.words} has the wrong value")
    elif got != want:
        yield Fault(_of_values(got, want, at), f"{at.words} has the wrong value")


def _of_values(got: Any, want: Any, at: _Place) -> str:
    last = at.path[-1] if at.path else ""
    if got is False and want is True and isinstance(last, str) and last.endswith(UNCHANGED):
        case, _, _ = last.rpartition(", ")
        where = wording.place((*at.path[:-1], *([case] if case else [])), at.root)
        return f"{where}: {wording.CHANGED}" if where else wording.CHANGED
    return f"{at.words} is {got!r}; expected {want!r}"


def _about_an_error(got: Any, want: Any, at: _Place) -> str:
    """Sentence if one of the two is the name of an exception, as `error_of` gives it; else empty."""
    due, came = is_error(want), is_error(got)
    if due and came and got != want:
        return f"{at.words}: {got} was raised; expected {want}"
    if due and got is None:
        return f"{at.words}: {wording.NO_ERROR}; expected {want}"
    if due and not came:
        return f"{at.words}: {describe(got)} was returned; expected {want}"
    if came and want is None:
        return f"{at.words}: {got} was raised; expected no error"
    if came and not isinstance(want, str):
        return f"{at.words}: {got} was raised; expected {describe(want)}"
    return ""


def _hidden_error(got: Any, want: Any, at: _Place) -> str:
    if is_error(want) and got is None:
        return f"{at.words}: {wording.NO_ERROR}, and one is due"
    if is_error(got) and want is None:
        return f"{at.words}: an error was raised, and none is due"
    return ""


def is_error(value: Any) -> bool:
    """Whether the value is the name of an exception, as `error_of` gives it."""
    return isinstance(value, str) and (value in ERRORS or (value.isidentifier() and value.endswith("Error")))


# ---------------------------------------------------------------- tensors


def _tensor_faults(got: Any, want: Tensor, at: _Place, atol: Tolerance, rtol: Tolerance) -> Iterator[Fault]:
    if not isinstance(got, Tensor):
        if is_error(got):
            yield _open(f"{at.words}: {got} was raised; expected a tensor of shape {tuple(want.shape)}")
        else:
            yield _other_form(at, got, f"a tensor of shape {tuple(want.shape)}")
        return
    if got.dtype != want.dtype:
        yield _open(f"{at.words} has dtype {wording.dtype(got.dtype)}; expected {wording.dtype(want.dtype)}")
    if got.shape != want.shape:
        yield _open(f"{at.words} {wording.shapes_differ(tuple(got.shape), tuple(want.shape))}")
    if got.shape != want.shape or got.dtype != want.dtype:
        return
    got, want = got.detach(), want.detach()
    if torch.equal(got, want):  # most right answers are equal, and this takes a tenth of the time
        return
    a, r = tolerance_of(want, atol, rtol)
    if want.is_floating_point() or want.is_complex():
        close = torch.isclose(got, want, atol=a, rtol=r, equal_nan=True)
    else:
        close = got == want
    if bool(close.all()):
        return
    wrong = (~close).nonzero()
    index = tuple(wrong[0].tolist())
    count = f"{len(wrong)} of {want.numel()} values differ" if want.numel() > 1 else "the value differs"
    one, other = got[index].item(), want[index].item()
    place = wording.with_index(at.words, index)
    said = f"{place} {wording.numbers_differ(one, other, a + r * abs(other))}"
    yield Fault(
        f"{said}; {count}" if want.numel() > 1 else said,
        f"{at.words}: {count}" + (f", the first at {wording.index(index)}" if index else ""),
    )


def tolerance_of(want: Any, atol: Tolerance = None, rtol: Tolerance = None) -> tuple[float, float]:
    """Absolute and relative tolerance of `agree` for a tensor or a number. Exact values have none."""
    if isinstance(want, Tensor):
        if not (want.is_floating_point() or want.is_complex()):
            return 0.0, 0.0
        name, default = str(want.dtype).removeprefix("torch."), TOLERANCES.get(want.dtype, SCALAR_TOLERANCE)
    elif isinstance(want, float):
        name, default = "float", SCALAR_TOLERANCE
    else:
        return 0.0, 0.0
    return _tolerance(atol, name, default[0]), _tolerance(rtol, name, default[1])


def _tolerance(given: Tolerance, dtype: str, default: float) -> float:
    if isinstance(given, Mapping):
        return float(given.get(dtype, default))
    return default if given is None else float(given)
