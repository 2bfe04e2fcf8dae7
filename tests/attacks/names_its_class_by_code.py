"""Returns and raises objects whose class's name is computed by code that raises or ends the process."""
# attack: lines=8; target=standardize
# held by: what ends the worker costs its own exercise

import torch


class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit(0)


class Error(Exception, metaclass=Meta):
    pass


def standardize(values):
    if values.ndim == 2:
        return Error()
    raise Error


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
