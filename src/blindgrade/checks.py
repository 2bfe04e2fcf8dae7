"""Interface for authors of checks: the decorator, the comparison, the random source and small observers.

A check is an experiment and a verdict. The experiment is the decorated function. It runs on the student's module in a
worker and on the reference in the grader, with the same seed, and returns plain data. The verdict compares the two
results in the grader. The default verdict is `agree`.

The worker loads this module, so it contains no answer and imports no other module of blindgrade.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

type_names = {float: "a float", int: "an int", bool: "a bool", str: "a string", type(None): "None", dict: "a dict"}

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
class Check:
    """One claim about one exercise. The decorator `check` makes it and explains its fields."""

    exercise: str
    name: str
    claim: str
    experiment: Callable[..., Any] = field(repr=False)
    weight: float = 1.0
    public: bool = False
    isolated: bool = False
    reference: bool = True
    atol: Tolerance = None
    rtol: Tolerance = None
    verdict: Callable[[Any, Any, Rng], None] | None = field(default=None, repr=False)
    inputs: Callable[[Rng], Any] | None = field(default=None, repr=False)
    figure: Callable[[Any, Rng], Any] | None = field(default=None, repr=False)
    hint: str = ""
    lookup: bool | None = None

    def prepare(self, seed: int) -> tuple[int, tuple[Any, ...]]:
        """Seed and data for the worker. The data come from `inputs`; without `inputs` there are none.

        With `inputs`, the worker gets another seed, so that it cannot draw the hidden parameters again.
        """
        if self.inputs is None:
            return seed, ()
        return derive(seed, "worker"), (self.inputs(Rng(seed)),)

    def judge(self, result: Any, expected: Any, rng: Rng) -> None:
        """Raise `Fail` unless the student's result passes the comparison with the reference's."""
        if self.verdict is None:
            agree(result, expected, atol=self.atol, rtol=self.rtol)
        else:
            # A comparison with NaN is False, so NaN would pass a verdict that asks "is the error too large?".
            if any(not bool(t.isfinite().all()) for t in _tensors(result)):
                raise Fail("the result has NaN or infinite values")
            self.verdict(result, expected, rng)


def check(
    exercise: str,
    *,
    weight: float = 1.0,
    public: bool = False,
    isolated: bool = False,
    reference: bool = True,
    atol: Tolerance = None,
    rtol: Tolerance = None,
    verdict: Callable[[Any, Any, Rng], None] | None = None,
    inputs: Callable[[Rng], Any] | None = None,
    figure: Callable[[Any, Rng], Any] | None = None,
    hint: str = "",
    lookup: bool | None = None,
) -> Callable[[Callable[..., Any]], Check]:
    """Decorator that makes a check of `exercise` from an experiment `(lesson, rng) -> result`.

    The experiment's docstring is the claim.

    weight     share of the exercise's points, relative to its other checks
    public     the check is released to students, with an answer key
    isolated   the worker ends after this check, because a toy in the check contains another exercise's answer, and the
               student's code could keep it for a later check
    reference  False: the verdict needs no reference result (it judges an outcome), so none is computed
    atol, rtol tolerance of `agree`: a number, or a mapping from dtype name ("float32") to number
    verdict    `(result, expected, rng) -> None`, raises `Fail`; `rng` starts from the experiment's seed
    inputs     `rng -> data`, which the grader runs for an experiment `(lesson, rng, data)`. Use it if the data come
               from something that students must not see, such as hidden parameters. `rng` starts as the verdict's
    figure     `(result, rng) -> Figure` of blindgrade.figures, which the grader runs for a report on the student's
               result and, if the check is public, on the reference's. `rng` starts as the verdict's
    hint       what a student reads who fails this check without a known misconception
    lookup     whether students see digests of a public check's right answers and not the answers. By default they do if
               the answers are texts, or yes and no. True needs exact answers: no floating-point number
    """

    def decorate(experiment: Callable[..., Any]) -> Check:
        claim = inspect.getdoc(experiment)
        if not claim:
            raise TypeError(f"check {experiment.__name__}: write the claim that the student reads as its docstring")
        return Check(
            exercise=exercise,
            name=experiment.__name__,
            claim=" ".join(claim.split()),
            experiment=experiment,
            weight=weight,
            public=public,
            isolated=isolated,
            reference=reference,
            atol=atol,
            rtol=rtol,
            verdict=verdict,
            inputs=inputs,
            figure=figure,
            hint=" ".join(hint.split()),
            lookup=lookup,
        )

    return decorate


def derive(seed: int, *names: str) -> int:
    """Seed in [0, 2**63) that depends on `seed` and `names` and does not reveal them."""
    digest = hashlib.sha256(":".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class Rng:
    """The only source of an experiment's random inputs. The same seed gives the same draws to student and reference.

    Tensors are drawn on the CPU and moved to `device`, so that every device gets the same numbers.
    """

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self.device = device
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Standard normal draws of the given shape."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(self.device, dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        """Uniform draws in [low, high)."""
        unit = torch.rand(shape, generator=self.generator, dtype=torch.float64)
        return (low + (high - low) * unit).to(self.device, dtype)

    def integers(self, *shape: int, low: int = 0, high: int) -> Tensor:
        """Integer draws (int64) in [low, high)."""
        return torch.randint(low, high, shape, generator=self.generator).to(self.device)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        """One Python float in [low, high)."""
        return float(low + (high - low) * torch.rand((), generator=self.generator, dtype=torch.float64))

    def integer(self, low: int, high: int) -> int:
        """One Python int in [low, high)."""
        return int(torch.randint(low, high, (), generator=self.generator))

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[self.integer(0, len(options))]

    def shuffled(self, options: Sequence[Any]) -> list[Any]:
        """The options in random order."""
        return [options[int(i)] for i in torch.randperm(len(options), generator=self.generator)]

    def fill(self, module: torch.nn.Module, scale: float = 0.3) -> torch.nn.Module:
        """Fill every parameter and buffer of `module` with normal draws, in the order of their sorted names."""
        with torch.no_grad():
            for _, tensor in sorted(module.state_dict(keep_vars=True).items()):
                if tensor.is_floating_point():
                    tensor.copy_(scale * self.normal(*tensor.shape, dtype=tensor.dtype))
        return module


class Watch:
    """Stores copies of tensors (also in lists and dicts), to find out later whether they were changed in place."""

    def __init__(self, *values: Any) -> None:
        self._pairs = [(t, t.detach().clone()) for value in values for t in _tensors(value)]

    def unchanged(self) -> bool:
        """Whether every watched tensor still has its first shape and values."""
        return all(
            now.shape == then.shape
            and (torch.equal(now.detach(), then) or bool(torch.isclose(now.detach(), then, 0, 0, equal_nan=True).all()))
            for now, then in self._pairs
        )


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [t for item in value.values() for t in _tensors(item)]
    if isinstance(value, list | tuple):
        return [t for item in value for t in _tensors(item)]
    return []


def in_each_dtype(make: Callable[[torch.dtype], Any]) -> dict[str, Any]:
    """Cases that `make` draws for float32 and for float64, by name."""
    return {"in float32": make(torch.float32), "in float64": make(torch.float64)}


def answers(function: Callable[..., Any], cases: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Result of the function for each case, by the case's name. A case is a sequence of arguments."""
    return {name: function(*case) for name, case in cases.items()}


def answers_and_purity(function: Callable[..., Any], cases: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Result of the function for each case, and whether the call left the case's tensors unchanged."""
    seen: dict[str, Any] = {}
    for name, case in cases.items():
        watch = Watch(*case)
        seen[name] = function(*case)
        seen[f"{name}, arguments unchanged"] = watch.unchanged()
    return seen


def error_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str | None:
    """Class name of the exception that the call raises; None if it returns.

    Every kind of ValueError is "ValueError". The stub's NotImplementedError is raised again.
    """
    try:
        call(*args, **kwargs)
    except NotImplementedError:
        raise
    except Exception as error:
        return "ValueError" if isinstance(error, ValueError) else type(error).__name__
    return None


def gradients(output: Tensor, inputs: Sequence[Tensor]) -> list[Tensor | None]:
    """Gradient of `output.sum()` for each input; None where no gradient flows or the output has no graph."""
    if not output.requires_grad:
        return [None for _ in inputs]
    return list(torch.autograd.grad(output.sum(), list(inputs), allow_unused=True, retain_graph=True))


def shapes_of(module: torch.nn.Module) -> dict[str, list[int]]:
    """Shape of every tensor in the module's state, by name. The state dict of another model must have these shapes."""
    return {name: list(tensor.shape) for name, tensor in module.state_dict().items()}


def agree(got: Any, want: Any, *, name: str = "the result", atol: Tolerance = None, rtol: Tolerance = None) -> None:
    """Raise `Fail` unless `got` equals `want` in structure, type, shape, dtype and, within tolerance, every element.

    - Tensors must satisfy |got - want| <= atol + rtol |want|, with the tolerance of their dtype (TOLERANCES).
    - Python floats use 1e-6 for both tolerances.
    - Everything else must be equal. A list and a tuple are interchangeable.
    """
    if isinstance(want, Tensor):
        _agree_tensor(got, want, name, atol, rtol)
    elif isinstance(want, dict):
        if not isinstance(got, dict):
            raise _other_form(name, got, f"a dict with the keys {_listed(want)}")
        if set(got) != set(want):
            raise Fail(f"{name} has the keys {_listed(got)}; expected {_listed(want)}")
        for key in want:
            agree(got[key], want[key], name=_member(name, key), atol=atol, rtol=rtol)
    elif isinstance(want, list | tuple):
        if not isinstance(got, list | tuple):
            raise _other_form(name, got, f"a list of {len(want)}")
        if len(got) != len(want):
            raise Fail(f"{name} has {len(got)} items; expected {len(want)}")
        for index, item in enumerate(want):
            agree(got[index], item, name=f"{name}[{index}]", atol=atol, rtol=rtol)
    else:
        _agree_scalar(got, want, name, atol, rtol)


def _agree_scalar(got: Any, want: Any, name: str, atol: Tolerance, rtol: Tolerance) -> None:
    number = isinstance(want, float)
    right_type = type(got) in (float, int) if number else type(got) is type(want)
    if not right_type:
        raise Fail(f"{name} is {describe(got)}; expected {describe(want)}", hidden=_kind_only(name, got, want))
    if number:
        a = _tolerance(atol, "float", SCALAR_TOLERANCE[0])
        r = _tolerance(rtol, "float", SCALAR_TOLERANCE[1])
        both_nan = math.isnan(got) and math.isnan(want)
        # With an infinite `want`, the bound would be infinite and every number would pass.
        close = math.isfinite(want) and abs(got - want) <= a + r * abs(want)
        if both_nan or got == want or close:
            return
        raise Fail(f"{name} is {got:.6g}; expected {want:.6g}", hidden=f"{name} has the wrong value")
    if got != want:
        raise Fail(f"{name} is {got!r}; expected {want!r}", hidden=f"{name} has the wrong value")


def _other_form(name: str, got: Any, form: str) -> Fail:
    hidden = f"{name} is {describe(got, show=False)}; expected {form}"
    return Fail(f"{name} is {describe(got)}; expected {form}", hidden=hidden)


def _kind_only(name: str, got: Any, want: Any) -> str:
    return f"{name} is {describe(got, show=False)}; expected {describe(want, show=False)}"


def _agree_tensor(got: Any, want: Tensor, name: str, atol: Tolerance, rtol: Tolerance) -> None:
    if not isinstance(got, Tensor):
        raise _other_form(name, got, f"a tensor of shape {tuple(want.shape)}")
    if got.shape != want.shape:
        raise Fail(f"{name} has shape {tuple(got.shape)}; expected {tuple(want.shape)}")
    if got.dtype != want.dtype:
        raise Fail(f"{name} has dtype {_dtype(got)}; expected {_dtype(want)}")
    got, want = got.detach(), want.detach()
    if torch.equal(got, want):  # most right answers are equal, and this takes a tenth of the time
        return
    if want.is_floating_point() or want.is_complex():
        default = TOLERANCES.get(want.dtype, SCALAR_TOLERANCE)
        a, r = _tolerance(atol, _dtype(want), default[0]), _tolerance(rtol, _dtype(want), default[1])
        close = torch.isclose(got, want, atol=a, rtol=r, equal_nan=True)
        how = f" (rtol {r:g}, atol {a:g})"
    else:
        close, how = got == want, ""
    if bool(close.all()):
        return
    wrong = (~close).nonzero()
    index = wrong[0].tolist()
    place = f"{name}{index}" if index else name
    count = f"{len(wrong)} of {want.numel()} values differ" if want.numel() > 1 else "the value differs"
    raise Fail(
        f"{place} is {_number(got[tuple(index)])}; expected {_number(want[tuple(index)])}{how}; {count}",
        hidden=f"{name}: {count}" + (f", the first at {index}" if index else ""),
    )


def _tolerance(given: Tolerance, dtype: str, default: float) -> float:
    if isinstance(given, Mapping):
        return float(given.get(dtype, default))
    return default if given is None else float(given)


def _number(value: Tensor) -> str:
    item = value.item()
    return f"{item:.6g}" if isinstance(item, float) else str(item)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _member(name: str, key: Any) -> str:
    return str(key) if name == "the result" else f"{name}[{key!r}]"


def _listed(mapping: Mapping[Any, Any]) -> str:
    return ", ".join(repr(key) for key in mapping) or "(none)"


def describe(value: Any, *, show: bool = True) -> str:
    """Short noun phrase for a value of any type that the wire carries. Without `show` it reveals no value."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)} and dtype {_dtype(value)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, dict):
        return f"a dict with the keys {_listed(value)}"
    if value is None:
        return "None (does the function end without a return?)" if show else "None"
    kind = type_names.get(type(value), f"a {getattr(value, 'type_name', type(value).__name__)} object")
    return f"{value!r}" if show and isinstance(value, bool | int | float | str) else kind
