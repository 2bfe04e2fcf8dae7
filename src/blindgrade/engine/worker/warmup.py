"""Warm-up of the warm process: it runs a small lesson once, so that the first calls are not slow in every worker.

The first call of an operation links functions of the library, fills caches and imports modules. After a fork, each of
these changes copies a page of memory. So the warm process runs the operations that lessons use, on its own data.
"""

from __future__ import annotations

import linecache
import sys

import jaxtyping  # noqa: F401  # stubs import it
import torch

from blindgrade.engine.wire.replies import Result, crossed
from blindgrade.engine.worker import eager, garbage
from blindgrade.engine.worker.experiment import Experiment
from blindgrade.engine.worker.lesson import load

NAME, PATH = "warmup_lesson", "<warmup>"
LESSON = '''
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True)
class Pair:
    first: Tensor
    scale: float = 1.0


def noisy(x: Float[Tensor, "batch dim"], t: Float[Tensor, " batch"]) -> Float[Tensor, "batch dim"]:
    """One step of noise, as in half of the lessons."""
    kept = torch.exp(-t)[:, None]
    return kept * x + (1 - kept**2).clamp(min=0).sqrt() * torch.randn_like(x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.LayerNorm(8), nn.Linear(8, 4))
        self.convolution = nn.Conv2d(2, 2, 3, padding=1)
        self.scale = nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.first(x)
'''
EXPERIMENT = """
import torch


def experiment(lesson, rng):
    seen = {}
    for dtype in (torch.float32, torch.float64):
        x, t = rng.normal(3, 4, dtype=dtype), rng.uniform(3, dtype=dtype)
        seen[str(dtype)] = [lesson.noisy(x, t), torch.softmax(x, -1) @ x.mT, torch.logsumexp(x, 0), x.cumsum(0)]
        seen["sums"] = [torch.where(x > 0, x, -x).sum().item(), float(torch.linspace(0, 1, 5).mean())]
        seen["parts"] = [torch.cat([x, x]).chunk(2), torch.stack([x, x]).flatten(0, 1), torch.isclose(x, x).all()]
        seen["product"] = torch.einsum("bi,bi->b", x, x)
    net = rng.fill(lesson.Net())
    x = rng.normal(3, 4).requires_grad_()
    net(x).pow(2).mean().backward()
    seen["picture"] = net.convolution(rng.normal(1, 2, 4, 4))
    seen["attention"] = lesson.F.scaled_dot_product_attention(*(rng.normal(1, 2, 3, 4) for _ in range(3)))
    seen["slope"] = torch.autograd.grad((x**3).sum(), x)
    with torch.no_grad():
        seen["frozen"] = net(x)
    seen["pair"] = lesson.Pair(x, 2.0).scale
    seen["state"] = net.state_dict()
    try:
        raise ValueError("as many checks provoke")
    except ValueError as error:
        seen["error"] = str(error)
    return seen
"""


def warm(*, optimizer: bool) -> None:
    """Prepare this process, so that a worker is quick. The `optimizer` takes a second that only trainings need."""
    torch.set_num_threads(1)
    eager.install()
    if optimizer:
        # The first optimizer imports torch._dynamo, which takes about a second. After this, no worker has to do it.
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    run_each_once()
    garbage.search_new()


def run_each_once() -> None:
    """Load a lesson and run an experiment on it. Nobody reads the result. RuntimeError if one step fails."""
    lesson = load(NAME, LESSON, PATH)
    experiment = Experiment("experiment", {"experiment": compile(EXPERIMENT, PATH, "exec", dont_inherit=True)})
    answer = crossed(experiment.run(lesson, seed=0))
    if lesson.problems or not isinstance(answer, Result):
        raise RuntimeError(f"the warm process cannot run a lesson: {lesson.problems or answer}")
    del sys.modules[NAME], linecache.cache[PATH]
