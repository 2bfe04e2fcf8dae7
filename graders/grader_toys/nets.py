"""Small networks with fixed weights, to hand to student code."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from toys import mlp


class TinyVelocity(nn.Module):
    """A velocity model x [B, D], t [B] -> [B, D], the same for the same seed; `seen` lists the shapes of its calls."""

    def __init__(self, dim: int = 2, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = mlp(dim + 1, dim, 16, 2)
        self.seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.seen.append((tuple(x.shape), tuple(t.shape)))
        return self.net(torch.cat([x, t[:, None].to(x.dtype)], dim=-1))
