"""Raises the stub's own error, so that it counts as an exercise that nobody began."""
# attack: lines=-; target=standardize; expects=not_attempted
# held by: what is not written earns nothing

import torch


def standardize(values):
    raise NotImplementedError


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
