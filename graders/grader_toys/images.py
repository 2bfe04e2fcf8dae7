"""Images small enough to train on within a check."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def shapes_batch(n: int, generator: torch.Generator, size: int = 16) -> tuple[Tensor, Tensor]:
    """n images of a square or a disc in [-1, 1], and their outlines in {0, 1}; both [n, 1, size, size] float32."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    radius = torch.randint(2, 5, (n,), generator=generator).float()[:, None, None]
    centre = 4 + torch.rand(n, 2, generator=generator) * (size - 9)
    is_disc = (torch.rand(n, generator=generator) < 0.5)[:, None, None]
    dx = columns[None] - centre[:, 0, None, None]
    dy = rows[None] - centre[:, 1, None, None]
    disc = dx**2 + dy**2 <= radius**2
    square = (dx.abs() <= radius * 0.9) & (dy.abs() <= radius * 0.9)
    mask = torch.where(is_disc, disc, square).float()[:, None]  # [n, 1, size, size]
    eroded = -F.max_pool2d(-mask, 3, 1, 1)
    return mask * 2 - 1, mask - eroded
