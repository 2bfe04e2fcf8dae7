"""Returns a list that contains itself and a dict that is two gigabytes when it is written out."""
# attack: lines=19,40; target=standardize
# held by: depth and number of parts are capped

import torch


def standardize(values):
    if values.ndim == 2:
        loop = []
        loop.append(loop)
        return loop
    grown = ["x" * 60_000]
    for _ in range(15):
        grown = [grown, grown]
    return grown


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
