"""Returns a tensor that has a shape and no values."""
# attack: lines=44; target=standardize
# held by: only plain, dense tensors are data

import torch


def standardize(values):
    return torch.empty_like(values, device="meta")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
