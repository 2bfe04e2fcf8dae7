"""torch.compile and torch.jit without a compiler: the code that they are given runs as it is written.

A compiler needs seconds, processes and caches, which a worker does not have. Its result has the same values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.jit import _state as script


def install() -> None:
    """Make torch.compile and torch.jit.script return what they are given, in this process and its forks."""
    torch.compile = compile_nothing
    torch.compiler.disable = as_it_is
    torch.compiler.reset = _nothing
    script.disable()  # torch's own switch, as PYTORCH_JIT=0 sets it


@contextmanager
def eagerly() -> Iterator[None]:
    """Do the same for a while, in a process that has other work too."""
    before = torch.compile, torch.compiler.disable, torch.compiler.reset, script._enabled.enabled
    install()
    try:
        yield
    finally:
        torch.compile, torch.compiler.disable, torch.compiler.reset, script._enabled.enabled = before


def compile_nothing(model: Any = None, **options: Any) -> Any:
    """The model or function, unchanged. Without one, a decorator that changes nothing."""
    return model if model is not None else as_it_is()


def as_it_is(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The function, unchanged. Without one, a decorator that changes nothing."""
    return fn if fn is not None else lambda given: given


def _nothing() -> None:
    """Do nothing."""
