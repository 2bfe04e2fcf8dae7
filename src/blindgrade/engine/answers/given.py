"""What experiments give to an exercise's code as arguments, as digests: so that a reply can be seen to be an argument.

A student's process reports nothing about this. The grader runs the experiment on the solution and looks at its calls.
An answer key has the digests that were recorded.
"""

from __future__ import annotations

import hashlib
import inspect
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor

from blindgrade.engine.worker.lesson import LoadedLesson

Given = Mapping[str, str]  # the argument's name by the digest of its value; PART ends the name of one that holds it
PART = "[]"
LENGTH = 6  # bytes of a digest
MOST = 400  # values of one check
LARGEST = 1 << 18  # numbers of a value
UNNAMED = "*"  # begins the name of a parameter that takes many arguments


def digest_of(value: Any) -> str:
    """Digest of a tensor or of a number with its type, shape and bits; "" of anything else."""
    if type(value) is float:
        return _hashed(b"float", struct.pack("<d", value))
    if not isinstance(value, Tensor) or not 0 < value.numel() <= LARGEST or value.layout is not torch.strided:
        return ""
    try:
        plain = value.detach().resolve_conj().resolve_neg().to("cpu").contiguous()
        bits = plain.view(-1).view(torch.uint8).numpy()
    except RuntimeError:  # a tensor without numbers of its own, as inside torch.func.vmap
        return ""
    return _hashed(f"{value.dtype}{list(value.shape)}".encode(), bits)


def given_in(defines: str, lesson: LoadedLesson, run: Callable[[LoadedLesson], object]) -> dict[str, str]:
    """Arguments that the exercise's code gets when `run` uses the lesson.

    Only calls from outside count: not those that the code makes itself.
    """
    found: dict[str, str] = {}
    own = getattr(lesson.module, defines, None)
    with _Seen(found).watching(own) as watched:
        module = ModuleType(lesson.module.__name__)
        module.__dict__.update(lesson.module.__dict__)
        setattr(module, defines, watched)
        run(replace(lesson, module=module))
    return found


def as_lists(given: Given) -> dict[str, list[str]]:
    """The digests by the argument's name, for an answer key."""
    lists: dict[str, list[str]] = {}
    for digest, name in given.items():
        lists.setdefault(name, []).append(digest)
    return lists


def from_lists(lists: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Inverse of `as_lists`."""
    return {str(digest): str(name) for name, digests in lists.items() for digest in digests}


class _Seen:
    """Watches calls, and writes the digests of their arguments into `found`."""

    def __init__(self, found: dict[str, str]) -> None:
        self.found = found
        self.inside = False

    @contextmanager
    def watching(self, own: Any) -> Iterator[Any]:
        """The function or class, watched. A class is its own again afterwards."""
        if isinstance(own, FunctionType):
            yield self._watched(own)
        elif isinstance(own, type):
            methods = {name: one for name, one in vars(own).items() if isinstance(one, FunctionType) and name[0] != "_"}
            for name, method in methods.items():
                setattr(own, name, self._watched(method))
            try:
                yield own
            finally:
                for name, method in methods.items():
                    setattr(own, name, method)
        else:
            yield own

    def _watched(self, function: FunctionType) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return function(*args, **kwargs)
            self._see(signature, args, kwargs)
            self.inside = True
            try:
                return function(*args, **kwargs)
            finally:
                self.inside = False

        return watched

    def _see(self, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # the call itself raises it
            return
        for name, value in bound.arguments.items():
            if name == "self":
                continue
            several = signature.parameters[name].kind in (
                inspect.Parameter.VAR_POSITIONAL,
                inspect.Parameter.VAR_KEYWORD,
            )
            self._note(f"{UNNAMED}{name}" if several else name, value)

    def _note(self, name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple):
            for item in value:
                self._note(name if name.endswith(PART) else name + PART, item)
        elif (digest := digest_of(value)) and len(self.found) < MOST:
            self.found.setdefault(digest, name)


def _hashed(form: bytes, bits: Any) -> str:
    return hashlib.blake2b(bits, digest_size=LENGTH, person=hashlib.blake2b(form, digest_size=16).digest()).hexdigest()
