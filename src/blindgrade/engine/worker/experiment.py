"""Experiment of one check: it is made from its slice and run on a lesson."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any

import torch

from blindgrade.checks import Rng, derive
from blindgrade.engine.wire.replies import Raised, Result, Sent, sent
from blindgrade.engine.worker.errors import describe_error
from blindgrade.engine.worker.lesson import LoadedLesson
from blindgrade.engine.worker.state import begin, to_standard


class Experiment:
    """Slice that is ready to run. `function` is the experiment `(lesson, rng) -> data`."""

    def __init__(self, name: str, modules: dict[str, CodeType]) -> None:
        self.function = _run_slice(name, modules)

    def run(self, lesson: LoadedLesson, seed: int, device: str = "cpu", data: Sequence[Any] = ()) -> Sent:
        """Run the experiment once. The reply, a result or an exception, has the form for the wire.

        The process begins in the lesson's state, with fixed random numbers. Changes that an earlier exercise made are
        gone. Those of this one are set back, and the reply says what of them remains.
        """
        if lesson.state is None:
            to_standard()
        begin(derive(seed, "student"))
        path = str(getattr(lesson.module, "__file__", ""))
        try:
            given = [_moved(item, device) for item in data]
            reply: Result | Raised = Result(self.function(lesson.names, Rng(seed, device), *given))
        except BaseException as error:  # also SystemExit: an exception is reported and must not end the worker
            reply = describe_error(error, path)
        return sent(reply if lesson.state is None else replace(reply, leaves=lesson.state.leaves()))


def _moved(data: Any, device: str) -> Any:
    """The data with their tensors on the device."""
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: _moved(item, device) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(_moved(item, device) for item in data)
    return data


def _run_slice(name: str, modules: dict[str, CodeType]) -> Any:
    namespaces: dict[str, ModuleType] = {module: ModuleType(module) for module in modules}

    def importer(wanted: str, *args: Any, **kwargs: Any) -> Any:
        # Only the slice contains private toys, so their imports end here.
        if wanted in namespaces:
            return _execute(wanted)
        return builtins.__import__(wanted, *args, **kwargs)

    done: set[str] = set()

    def _execute(module: str) -> ModuleType:
        namespace = namespaces[module]
        if module not in done:
            done.add(module)
            namespace.__dict__["__builtins__"] = {**vars(builtins), "__import__": importer}
            # The decorator `dataclass` looks up the module of its class.
            sys.modules.setdefault(module, namespace)
            exec(modules[module], namespace.__dict__)
        return namespace

    try:
        return getattr(_execute("experiment"), name)
    finally:
        for module, namespace in namespaces.items():
            if sys.modules.get(module) is namespace:
                del sys.modules[module]
