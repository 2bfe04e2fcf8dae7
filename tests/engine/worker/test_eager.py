"""torch.compile and torch.jit return what they are given, and start no compiler."""

from __future__ import annotations

import subprocess
import sys

import torch

from blindgrade.engine.worker.eager import eagerly

LIST = """
import sys, torch
from blindgrade.engine.worker import eager
eager.install()
@torch.compile
def double(x): return 2 * x
@torch.compile(mode="max-autotune", fullgraph=True)
def triple(x): return 3 * x
@torch.compiler.disable
def four(x): return 4 * x
@torch.jit.script
def negative(x: torch.Tensor) -> torch.Tensor:
    if bool((x > 1).any()):
        raise ValueError("large")
    return -x
layer = torch.nn.Linear(2, 2)
assert torch.compile(layer) is layer
layer.compile()
x = torch.ones(1)
assert [f(x).item() for f in (double, triple, four, negative)] == [2, 3, 4, -1]
assert torch.jit.trace(double, (x,))(x).item() == 2
assert layer(torch.ones(1, 2)).shape == (1, 2)
try:
    negative(2 * x)
except ValueError:
    print(sorted(name for name in sys.modules if name.startswith(("torch._dynamo", "torch._inductor"))))
"""


def test_compiled_code_runs_as_it_is_written_and_no_compiler_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_torchs_own_functions_are_back_afterwards() -> None:
    before = torch.compile, torch.compiler.disable
    with eagerly():
        assert torch.compile is not before[0]
    assert (torch.compile, torch.compiler.disable) == before
