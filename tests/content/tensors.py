"""Numbers for the tests of lessons: drawn from seeds, compared element by element."""

from __future__ import annotations

import torch
from torch import Tensor


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Standard normal numbers, drawn in double precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, seed: int = 0) -> Tensor:
    """Uniform numbers from `low` to `high`."""
    unit = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return low + (high - low) * unit


def close(got: object, want: object, atol: float = 1e-9, rtol: float = 1e-7) -> None:
    """AssertionError names the first element that differs by more than the tolerances."""
    torch.testing.assert_close(got, want, atol=atol, rtol=rtol)
