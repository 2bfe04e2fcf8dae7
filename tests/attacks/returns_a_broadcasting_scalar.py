"""Returns one element that broadcasts to every shape."""
# attack: lines=44; target=standardize
# held by: shapes are compared before values

import torch


def standardize(values):
    return values.new_zeros(()) if values.ndim == 1 else values.new_zeros((1, 1))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
