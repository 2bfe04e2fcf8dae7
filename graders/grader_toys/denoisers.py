"""Small networks and denoisers to hand to the student's code.

Every callable takes (x, t): x [B, ...], t [B], 0-dim or a number, and returns a tensor like x.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def column(t: Tensor | float, x: Tensor) -> Tensor:
    """t as [B, 1, ..., 1] against x [B, ...]; 0-dim and numbers stay 0-dim."""
    t = torch.as_tensor(t, dtype=x.dtype, device=x.device)
    return t if t.ndim == 0 else t.reshape(-1, *([1] * (x.ndim - 1)))


def gauss_denoiser(mean: Tensor | float, std: float) -> Callable[[Tensor, Tensor], Tensor]:
    """(x, t) -> E[x_0 | x_0 + t noise = x] for data N(mean, std^2 I)."""

    def denoiser(x: Tensor, t: Tensor) -> Tensor:
        t = column(t, x)
        return mean + (x - mean) * std**2 / (std**2 + t**2)

    return denoiser


class ToyMLP(nn.Module):
    """(x [B, dim], t [B]) -> [B, out]; t enters as log(1 + t), its sine and its cosine. Weights follow from the seed."""

    def __init__(
        self,
        dim: int = 2,
        width: int = 32,
        out: int | None = None,
        seed: int = 0,
        depth: int = 2,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        sizes = [dim + 3] + [width] * depth + [out or dim]
        self.layers = nn.ModuleList()
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            layer = nn.Linear(fan_in, fan_out)
            with torch.no_grad():
                layer.weight.copy_(torch.randn(fan_out, fan_in, generator=generator) / math.sqrt(fan_in))
                layer.bias.copy_(0.1 * torch.randn(fan_out, generator=generator))
            self.layers.append(layer)
        self.to(dtype)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        t = torch.as_tensor(t, dtype=x.dtype, device=x.device).expand(x.shape[0])
        time = torch.log1p(t.clamp_min(0))
        h = torch.cat([x, torch.stack([time, time.sin(), time.cos()], dim=1)], dim=1)
        for layer in self.layers[:-1]:
            h = F.silu(layer(h))
        return self.layers[-1](h)


class AffineField(nn.Module):
    """f(x, t) = a x + b t for x of any shape: every step can be checked by hand. Further arguments are ignored."""

    def __init__(self, a: float = 0.3, b: float = 0.1) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(float(a)))
        self.b = nn.Parameter(torch.tensor(float(b)))

    def forward(self, x: Tensor, t: Tensor, *_: object, **__: object) -> Tensor:
        return self.a.to(x.dtype) * x + self.b.to(x.dtype) * column(t, x)


class CondNoise(nn.Module):
    """eps(z, t, c) = tanh(a z + b c + 0.001 t), one c for each sample; with w_emb [B, E] its mean enters too."""

    def __init__(self, a: float = 0.7, b: float = 0.4) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(float(a)))
        self.b = nn.Parameter(torch.tensor(float(b)))
        self.g = nn.Parameter(torch.tensor(0.05))

    def forward(self, z: Tensor, t: Tensor, c: Tensor, w_emb: Tensor | None = None) -> Tensor:
        a, b, g = (p.to(z.dtype) for p in (self.a, self.b, self.g))
        h = a * z + b * column(c, z) + 0.001 * column(t, z)
        if w_emb is not None:
            h = h + g * column(w_emb.mean(dim=1), z)
        return torch.tanh(h)


class WithBuffer(nn.Module):
    """A linear layer beside two buffers, one of floats and one of integers."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.lin = nn.Linear(3, 2)
        with torch.no_grad():
            self.lin.weight.copy_(torch.randn(2, 3, generator=generator))
            self.lin.bias.copy_(torch.randn(2, generator=generator))
        self.register_buffer("running", torch.randn(3, generator=generator))
        self.register_buffer("count", torch.tensor(7 + seed))
