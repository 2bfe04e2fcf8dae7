"""An old try is above the answer."""

from __future__ import annotations


def standardize(values):
    return values


def standardize(values):  # noqa: F811
    centered = values - values.mean(dim=-1, keepdim=True)
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    return centered / centered.square().mean(dim=-1, keepdim=True).sqrt()
