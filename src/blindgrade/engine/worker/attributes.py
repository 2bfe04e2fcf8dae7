"""Attributes of libraries that code can replace, for example `torch.randn`: found by identity, and put back."""

from __future__ import annotations

import builtins
import copy
import functools
import math
import os
import random
import sys
import time
import warnings
from types import ModuleType
from typing import Any

import numpy
import torch

import blindgrade.checks

_MODULES: list[ModuleType] = [
    builtins, sys, os, math, random, time, copy, functools, warnings,
    torch, torch.nn, torch.nn.functional, torch.nn.init, torch.nn.utils, torch.linalg, torch.special, torch.fft,
    torch.autograd, torch.optim, torch.random, numpy, numpy.random, numpy.linalg, numpy.fft, blindgrade.checks,
]  # fmt: skip
_CLASSES: list[type] = [
    torch.Tensor, torch.nn.Parameter, torch.nn.Module, torch.autograd.Function,
    blindgrade.checks.Rng, blindgrade.checks.Watch,
    *(one for room in (torch.nn, torch.optim) for one in vars(room).values()
      if isinstance(one, type) and issubclass(one, torch.nn.Module | torch.optim.Optimizer)),
]  # fmt: skip
PLACES: list[Any] = list(dict.fromkeys([*_MODULES, *_CLASSES]))

# Python itself adds these: they are caches.
CACHES = frozenset({"__warningregistry__", "__annotations__", "__slotnames__", "__dict__", "__weakref__"})
MISSING = object()
Saved = list[tuple[dict[str, Any], list[Any]]]  # names with values of each place, and the values alone


def read() -> Saved:
    """Copies of the attributes of all places, and of the table of modules."""
    return [(dict(names), list(names.values())) for names in _tables()]


def put_back(saved: Saved) -> None:
    """Put back what was replaced or deleted, and delete what was added. Imported modules stay."""
    for place, now, (names, values) in zip(PLACES, _tables(), saved, strict=False):
        if not _same(now, values):
            _repair(place, dict(now), names)
    names, values = saved[-1]
    if not _same(sys.modules, values):
        sys.modules.update({name: value for name, value in names.items() if sys.modules.get(name) is not value})


def _tables() -> list[Any]:
    return [*map(vars, PLACES), sys.modules]


def _same(now: Any, values: list[Any]) -> bool:
    try:
        return list(now.values()) == values  # by identity, and by == where two objects differ
    except Exception:  # the == of an object that replaced another
        return False


def _repair(place: Any, now: dict[str, Any], before: dict[str, Any]) -> None:
    for name, value in now.items():
        if name not in before and name not in CACHES and not isinstance(value, ModuleType):
            delattr(place, name)
    for name, value in before.items():
        if now.get(name, MISSING) is not value and name not in CACHES:
            setattr(place, name, value)
