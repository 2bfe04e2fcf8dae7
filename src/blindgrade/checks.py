"""Interface for authors of checks: the decorator, the comparison, the random source and small observers.

A check is an experiment and a verdict. The experiment is the decorated function. It runs on the student's module in a
worker and on the reference in the grader, with the same seed, and returns plain data. The verdict compares the two
results in the grader. The default verdict is `agree`.

The worker loads this module, so it contains no answer. It imports only `agreement`, `wording` and `state_dicts`, which
contain none either.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from blindgrade.agreement import TOLERANCES, Fail, Tolerance, agree
from blindgrade.state_dicts import load_parameters, made_in, parameters_of, saved_buffers, shapes_of
from blindgrade.wording import describe, not_finite

__all__ = [
    "TOLERANCES", "Check", "Fail", "Rng", "Watch", "agree", "answers", "answers_and_purity", "check", "derive",
    "describe", "error_of", "gradients", "in_each_dtype", "load_parameters", "made_in", "saved_buffers", "shapes_of",
]  # fmt: skip


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
            if fault := not_finite(_tensors(result)):
                raise Fail(fault)
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
    hint       what a student reads if this check fails and no misconception explains it
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
        self.generator = torch.Generator("cpu").manual_seed(seed)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Standard normal draws of the given shape."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float64, device="cpu").to(self.device, dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        """Uniform draws in [low, high)."""
        unit = torch.rand(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return (low + (high - low) * unit).to(self.device, dtype)

    def integers(self, *shape: int, low: int = 0, high: int) -> Tensor:
        """Integer draws (int64) in [low, high)."""
        return torch.randint(low, high, shape, generator=self.generator, device="cpu").to(self.device)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        """One Python float in [low, high)."""
        unit = torch.rand((), generator=self.generator, dtype=torch.float64, device="cpu")
        return float(low + (high - low) * unit)

    def integer(self, low: int, high: int) -> int:
        """One Python int in [low, high)."""
        return int(torch.randint(low, high, (), generator=self.generator, device="cpu"))

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[self.integer(0, len(options))]

    def shuffled(self, options: Sequence[Any]) -> list[Any]:
        """The options in random order."""
        return [options[int(i)] for i in torch.randperm(len(options), generator=self.generator, device="cpu")]

    def fill(self, module: torch.nn.Module, scale: float = 0.3, *, buffers: bool = False) -> torch.nn.Module:
        """Fill every parameter of `module` with normal draws, in the order of their sorted names.

        Buffers stay as they are, because a student may store a constant in one. With `buffers`, the saved buffers are
        filled too: use it only for a module of the course.
        """
        tensors = module.state_dict(keep_vars=True) if buffers else dict(parameters_of(module))
        with torch.no_grad():
            for _, tensor in sorted(tensors.items()):
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
