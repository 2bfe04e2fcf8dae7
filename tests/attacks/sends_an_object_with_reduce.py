"""Returns an object that would run code where it is unpickled."""
# attack: lines=14; target=standardize
# held by: nothing is ever unpickled

import pickle

import torch


class Bomb:
    def __reduce__(self):
        return print, ("BREACH: unpickled",)

    __getstate__ = __reduce__


for name in ("dump", "dumps"):
    setattr(pickle, name, lambda *a, **k: pickle._dumps(Bomb()))


def standardize(values):
    return [Bomb(), {"value": Bomb()}]


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
