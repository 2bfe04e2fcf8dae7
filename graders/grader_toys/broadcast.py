"""A coefficient per sample against a tensor with more axes."""

from __future__ import annotations

import torch
from torch import Tensor


def trailing(coefficient: Tensor | float, x: Tensor) -> Tensor:
    """The coefficient ([B], 0-dim or a number) in x's dtype, shaped to broadcast over x's trailing axes."""
    value = torch.as_tensor(coefficient, dtype=x.dtype, device=x.device)
    return value.reshape(value.shape + (1,) * (x.ndim - value.ndim)) if value.ndim else value
