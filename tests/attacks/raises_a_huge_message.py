"""Raises an exception with a message of a hundred megabytes and a name of a megabyte."""
# attack: lines=38; target=standardize
# held by: messages are cut where they come in

import torch


def standardize(values):
    raise type("E" * 1_000_000, (ValueError,), {})("m" * 100_000_000)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
