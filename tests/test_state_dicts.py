"""Keys and shapes of modules: buffers of a student are no fault, and a missing parameter is named."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blindgrade.checks import load_parameters, saved_buffers, shapes_of
from blindgrade.state_dicts import keys_differ


def with_buffers() -> nn.Linear:
    module = nn.Linear(2, 3)
    module.register_buffer("scale", torch.tensor(2.0))
    module.register_buffer("table", torch.ones(4))
    module.register_buffer("unsaved", torch.ones(4), persistent=False)
    return module


def test_the_shapes_of_a_module_are_those_of_its_parameters() -> None:
    assert shapes_of(with_buffers()) == {"weight": [3, 2], "bias": [3]}


def test_a_shared_parameter_has_both_of_its_names() -> None:
    first = nn.Linear(2, 2, bias=False)
    pair = nn.ModuleList([first, nn.Linear(2, 2, bias=False)])
    pair[1].weight = first.weight
    assert set(shapes_of(pair)) == set(pair.state_dict())


def test_a_saved_buffer_counts_if_it_is_more_than_a_constant() -> None:
    assert saved_buffers(with_buffers()) == {"table": [4]}


def test_parameters_are_loaded_beside_a_students_buffer() -> None:
    module = with_buffers()
    load_parameters(module, {"weight": torch.ones(3, 2), "bias": torch.zeros(3)})
    assert bool((module.weight == 1).all()) and not module.bias.any() and module.scale == 2


def test_a_state_with_other_names_or_shapes_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="^the state of the module: missing keys: 'b'; extra keys: 'bias'$"):
        load_parameters(nn.Linear(2, 3), {"weight": torch.ones(3, 2), "b": torch.zeros(3)})
    with pytest.raises(ValueError, match=r"bias has shape \(3,\); expected \(4,\)"):
        load_parameters(nn.Linear(2, 3), {"weight": torch.ones(3, 2), "bias": torch.zeros(4)})


def test_many_keys_are_counted_after_the_first_four() -> None:
    keys = [f"blocks.{n}.weight" for n in range(6)]
    assert keys_differ(["a"], ["a", *keys]) == (
        "missing keys: 'blocks.0.weight', 'blocks.1.weight', 'blocks.2.weight', 'blocks.3.weight' and 2 more"
    )
    assert keys_differ(["a"], ["a"]) == "the keys are the same"
