"""Returns a dict and a list that never come to an end when they are read."""
# attack: lines=8,35; target=standardize
# held by: the number of parts and the time are capped

import torch


class Endless(dict):
    def items(self):
        while True:
            yield "key", 1


def standardize(values):
    return Endless(key=1)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
