"""Returns NaN, with which every comparison is false."""
# attack: lines=44; target=standardize; harms=fit_line
# held by: a comparison asks for equality, and NaN fails first

import torch


def standardize(values):
    return values * float("nan")


def fit_line(x, y):
    return lambda at: at * float("nan")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)
