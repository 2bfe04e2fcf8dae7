"""Returns an object whose attributes recurse without end."""
# attack: lines=8; target=standardize
# held by: an object that is not data is sent as the name of its type

import torch


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "_")

    def __repr__(self):
        return repr(self)

    __str__ = __repr__


def standardize(values):
    return {"value": Deep(), "list": [Deep()]}


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
