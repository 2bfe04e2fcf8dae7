"""Marks of what a student's modules hold: they change when an exercise changes a global object of the student.

A mark is not a copy. It sees another object under a name, another item in a list or dict, a tensor that was changed in
place, and another state of a random generator. It does not look into objects of the student's classes.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

import numpy
import torch

MANY = 1_000  # items of a container, and files, that are looked at
CACHES = ("__pycache__", ".", "torchinductor_")

Marks = list[tuple[Any, ...]]


def marks_of(modules: Iterable[ModuleType]) -> Marks:
    """Marks of all global names of the modules, which are compared with `==`."""
    return [
        (name, id(value), _inside(value, module.__name__))
        for module in modules
        for name, value in list(vars(module).items())
        if not name.startswith("__")  # Python's own, for example its memory of warnings
    ]


def files_in(folder: str) -> list[tuple[str, int]]:
    """Names and times of the files in the student's folder, without the caches that imports make."""
    with os.scandir(folder) as entries:
        found = [one for _, one in zip(range(MANY), entries, strict=False) if not one.name.startswith(CACHES)]
        return sorted((one.name, one.stat(follow_symlinks=False).st_mtime_ns) for one in found)


def _inside(value: Any, module: str) -> Any:
    """Mark of what an object holds; None if it is not looked at."""
    kind = type(value)  # the exact type, because the methods of a student's class may do anything
    if kind in (list, set, tuple):
        return _items(value)
    if kind is dict:
        return len(value), _items(value.values())
    if kind in (torch.Tensor, torch.nn.Parameter):
        return id(value.grad), -1 if value.is_inference() else value._version
    if kind is FunctionType:
        defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        return _items(vars(value).values()), [
            _inside(one, module) for one in defaults if type(one) in (list, dict, set)
        ]
    if kind is type and value.__module__ == module:
        return [(name, id(one), _content(one)) for name, one in vars(value).items()]
    return _generator(value) if isinstance(value, _GENERATORS) else _network(value)


def _content(value: Any) -> Any:
    return _items(value) if type(value) in (list, set) else _items(value.values()) if type(value) is dict else None


def _items(values: Any) -> tuple[int, list[int]]:
    return len(values), [id(value) for _, value in zip(range(MANY), values, strict=False)]


_GENERATORS = (torch.Generator, numpy.random.Generator, numpy.random.RandomState, random.Random)


def _generator(value: Any) -> Any:
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, numpy.random.Generator):
        return str(value.bit_generator.state)
    return str(value.get_state()) if isinstance(value, numpy.random.RandomState) else hash(value.getstate())


def _network(value: Any) -> Any:
    if not isinstance(value, torch.nn.Module):
        return None
    state = torch.nn.Module.state_dict(value, keep_vars=True)
    return value.training, [(id(tensor), tensor._version) for tensor in state.values()]
