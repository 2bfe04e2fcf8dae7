"""State of a student's module: the names and shapes of its parameters, and the difference of two sets of keys.

Authors of checks import these functions from `blindgrade.checks`. Only parameters count, because a student may store a
constant in a buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor


def keys_differ(got: Iterable[Any], want: Iterable[Any], most: int = 4) -> str:
    """Difference of two sets of keys, in one line: the keys that are missing and the keys that are extra."""
    given, due = list(got), list(want)
    parts = {"missing": [key for key in due if key not in given], "extra": [key for key in given if key not in due]}
    said = []
    for what, keys in parts.items():
        if keys:
            more = f" and {len(keys) - most} more" if len(keys) > most else ""
            said.append(f"{what} keys: {', '.join(repr(key) for key in keys[:most])}{more}")
    return "; ".join(said) or "the keys are the same"


def shapes_of(module: torch.nn.Module) -> dict[str, list[int]]:
    """Shape of every parameter of the module, by its name in the state dict.

    Buffers are left out: a constant that a student stores in one is no fault.
    """
    return {name: list(tensor.shape) for name, tensor in parameters_of(module)}


def made_in(dtype: torch.dtype, make: Callable[..., torch.nn.Module], *args: Any, **kwargs: Any) -> torch.nn.Module:
    """Module that `make` makes of the arguments, in this dtype from the start.

    A constant that a student stores in a buffer then has the precision of the dtype. After `.to(dtype)` it would have
    that of float32.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return make(*args, **kwargs).to(dtype)
    finally:
        torch.set_default_dtype(before)


def saved_buffers(module: torch.nn.Module) -> dict[str, list[int]]:
    """Shape of every buffer in the module's state that has more than one value: more than a constant."""
    parameters = dict(parameters_of(module))
    return {
        name: list(tensor.shape)
        for name, tensor in module.state_dict().items()
        if name not in parameters and tensor.numel() > 1
    }


def parameters_of(module: torch.nn.Module) -> list[tuple[str, Tensor]]:
    """Every name of every parameter, as the state dict has them: a shared parameter has several."""
    return list(module.named_parameters(remove_duplicate=False))


def load_parameters(module: torch.nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy the tensors of `state` into the module's parameters. Its buffers stay as they are.

    ValueError, which says what differs, if the names or shapes are not those of the parameters.
    """
    parameters = dict(parameters_of(module))
    if set(parameters) != set(state):
        raise ValueError(f"the state of the module: {keys_differ(parameters, state)}")
    with torch.no_grad():
        for name, tensor in parameters.items():
            if tensor.shape != state[name].shape:
                raise ValueError(f"{name} has shape {tuple(tensor.shape)}; expected {tuple(state[name].shape)}")
            tensor.copy_(state[name])
