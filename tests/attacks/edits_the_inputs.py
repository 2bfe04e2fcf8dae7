"""Zeroes its inputs in place, so that a reference that gets them too would agree."""
# attack: lines=10; target=standardize; harms=correlation
# held by: each side makes its own inputs

import torch


def standardize(values):
    values.zero_()
    return values


def correlation(first, second):
    second.copy_(first)
    return torch.ones(first.shape[:-1], dtype=first.dtype)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
