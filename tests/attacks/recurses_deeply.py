"""Recurses without end, in exceptions too, and raises a chain of a hundred thousand causes."""
# attack: lines=38; target=standardize; says=RecursionError
# held by: the worker's depth is limited, and few frames are reported

import torch


def down(number):
    try:
        return down(number + 1)
    finally:
        number += 1


def standardize(values):
    if values.ndim == 2:
        return down(0)
    error = ValueError("first")
    for number in range(100_000):
        later = ValueError(number)
        later.__cause__ = error
        error = later
    raise error


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
