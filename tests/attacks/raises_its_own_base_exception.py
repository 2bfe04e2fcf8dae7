"""Raises an exception outside Exception whose class and traceback lie."""
# attack: lines=17; target=standardize
# held by: what stops an experiment is reported, not obeyed

import torch


class Evil(BaseException):
    __class__ = property(lambda self: int)
    __traceback__ = property(lambda self: 1 / 0)
    __cause__ = property(lambda self: self)

    def __str__(self):
        raise Evil


def standardize(values):
    raise Evil


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
