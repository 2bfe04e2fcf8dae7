"""Coefficients of samples along another axis."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from .replies import name


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 5), st.sampled_from([(), (2,), (2, 3)]))
def test_coefficients_along_the_last_axis_are_found(seed: int, count: int, middle: tuple[int, ...]) -> None:
    draw = torch.Generator().manual_seed(seed)
    want, got = {}, {}
    for case in ("a", "b"):
        x = torch.randn(count, *middle, count, generator=draw, dtype=torch.float64)
        sigma = 0.3 + torch.rand(count, generator=draw, dtype=torch.float64)
        want[case], got[case] = x / sigma.view(-1, *[1] * (x.ndim - 1)), x / sigma
    assert name(got, want) == "batch_mixed"
    got["b"].view(-1)[1] *= 1.001
    assert name(got, want) is None


def test_two_samples_show_nothing() -> None:
    x, sigma = torch.randn(2, 2, dtype=torch.float64), torch.tensor([0.4, 0.9], dtype=torch.float64)
    assert name({"a": x / sigma, "b": x / sigma}, {"a": x / sigma[:, None], "b": x / sigma[:, None]}) != "batch_mixed"
