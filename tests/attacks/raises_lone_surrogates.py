"""Raises and returns text that cannot be written as UTF-8."""
# attack: lines=19; target=standardize
# held by: text is made printable where it comes in

import torch


def standardize(values):
    if values.ndim == 2:
        return {"\ud800": "\udfff" * 100, "\0": "\ufffe"}
    raise type("E", (ValueError,), {"__qualname__": "\ud800"})("\ud800\0\udfff")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
