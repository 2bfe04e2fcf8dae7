"""Returns one number expanded to a terabyte."""
# attack: lines=37,44; target=standardize
# held by: the size of what is sent is capped

import torch


def standardize(values):
    return values.flatten()[:1].expand(1 << 37)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
