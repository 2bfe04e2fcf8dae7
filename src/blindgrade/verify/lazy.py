"""Lazy answers: the reference's results, with every value replaced by something easy.

A lazy answer has the right form (shapes, dtypes, keys) and no knowledge: zeros, ones, random values, the input itself,
None, a constant, a guess. It does not check its arguments: where the reference raises, it returns.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.worker.lesson import LoadedLesson

Leaf = Callable[[Any], Any]


@dataclass(frozen=True)
class Filler:
    """Replacement for each tensor, number, bool or string in a result.

    `whole` replaces the whole result: "input" (the first tensor argument) or "none" (None).
    """

    name: str
    leaf: Leaf | None = None
    whole: str = ""


def _zero(value: Any) -> Any:
    return torch.zeros_like(value) if isinstance(value, Tensor) else type(value)()


def _one(value: Any) -> Any:
    if isinstance(value, Tensor):
        return torch.ones_like(value)
    return "a" if isinstance(value, str) else type(value)(1)


def _random(value: Any) -> Any:
    if isinstance(value, Tensor):
        floating = value.is_floating_point() or value.is_complex()
        return torch.rand_like(value) if floating else torch.rand(value.shape).round().to(value.dtype)
    if isinstance(value, bool):
        return random.random() < 0.5
    return "b" if isinstance(value, str) else type(value)(0.5)


FILLERS = [
    Filler("zeros", _zero),
    Filler("ones", _one),
    Filler("random", _random),
    Filler("the input", whole="input"),
    Filler("None", whole="none"),
]


def constant(option: Any) -> Filler:
    """Filler that always gives this string or bool."""
    return Filler(f"always {option!r}", lambda value: option if type(value) is type(option) else _zero(value))


def guesser(options: list[Any]) -> Filler:
    """Filler that gives one of these strings and bools at random."""

    def guess(value: Any) -> Any:
        fitting = [option for option in options if type(option) is type(value)]
        return random.choice(fitting) if fitting else _zero(value)

    return Filler("a random guess", guess)


class Recorder:
    """Stores the leaves (tensors, numbers, bools, strings) that an exercise's function returned."""

    def __init__(self) -> None:
        self.leaves: list[Any] = []

    @property
    def options(self) -> list[Any]:
        """Strings and bools that were returned, each once."""
        return list(dict.fromkeys(leaf for leaf in self.leaves if isinstance(leaf, str | bool)))

    @property
    def discrete(self) -> bool:
        """Whether only strings and bools were returned."""
        return bool(self.leaves) and all(isinstance(leaf, str | bool) for leaf in self.leaves)

    def __call__(self, value: Any) -> Any:
        self.leaves.append(value)
        return value


def lazy_module(solution: Solution, defines: str, filler: Filler) -> LoadedLesson:
    """The solution with a lazy answer in the definition `defines`."""
    loaded = solution.load(solution.text)
    original = getattr(loaded.names, defines)
    setattr(
        loaded.module, defines, _lazy_class(original, filler) if isinstance(original, type) else _lazy(original, filler)
    )
    return loaded


def _lazy(function: Callable[..., Any], filler: Filler) -> Callable[..., Any]:
    @wraps(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        if filler.whole:
            return _first_tensor(given) if filler.whole == "input" else None
        modules = [m for m in _walk(given) if isinstance(m, nn.Module)]
        states = [deepcopy(m.state_dict()) for m in modules]
        try:
            result = function(*args, **kwargs)
        except NotImplementedError:
            raise
        except Exception:
            return _first_tensor(given)
        for module, state in zip(modules, states, strict=True):
            module.load_state_dict(state)  # a lazy answer does not train a model in place
        return _mapped(result, filler, modules)

    return answer


def _lazy_class(original: type, filler: Filler) -> type:
    methods = {
        name: _lazy_method(value, filler)
        for name, value in vars(original).items()
        if inspect.isfunction(value) and (name == "__call__" or not name.startswith("_"))
    }
    return type(original)(original.__name__, (original,), methods)


def _lazy_method(method: Callable[..., Any], filler: Filler) -> Callable[..., Any]:
    @wraps(method)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = wraps(method)(lambda *a, **k: method(self, *a, **k))
        return _lazy(bound, filler)(*args, **kwargs)

    return answer


def _mapped(value: Any, filler: Filler, own: list[nn.Module]) -> Any:
    """`value` with each leaf replaced. A function or model in it returns replaced leaves."""
    if isinstance(value, Tensor | bool | int | float | str):
        return filler.leaf(value) if filler.leaf else value
    if isinstance(value, dict):
        return {key: _mapped(item, filler, own) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(item, filler, own) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, filler, own) for item in value)
    if isinstance(value, nn.Module):
        if not any(value is module for module in own):
            value.forward = _lazy(value.forward, filler)
        return value
    return _lazy(value, filler) if inspect.isroutine(value) else value


def _walk(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item)
    else:
        yield value


def _first_tensor(given: list[Any]) -> Any:
    """First tensor among the arguments, also inside lists and dicts. If there is none, the first argument."""
    return next((item for item in _walk(given) if isinstance(item, Tensor)), given[0] if given else None)
