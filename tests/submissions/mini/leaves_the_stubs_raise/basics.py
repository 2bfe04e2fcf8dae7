"""The answer is written, but the stub's last line stayed below it."""

from __future__ import annotations

import torch


def standardize(values):
    centered = values - values.mean(dim=-1, keepdim=True)
    answer = centered / centered.square().mean(dim=-1, keepdim=True).sqrt()  # noqa: F841
    raise NotImplementedError


def correlation(first, second):
    raise NotImplementedError


def fit_line(x, y):
    slope = torch.zeros(1, dtype=x.dtype)  # noqa: F841
    offset = torch.zeros(1, dtype=x.dtype)  # noqa: F841
    raise NotImplementedError
