"""Returns objects that say they are a tensor, a dict, a number and a string."""
# attack: lines=8; target=standardize
# held by: an object that is not data is sent as the name of its type

import torch


def disguised(kind):
    fields = {"__class__": property(lambda self: kind), "dtype": "torch.float64", "shape": (3, 3)}
    return type("Disguised", (), fields)()


def standardize(values):
    return [disguised(kind) for kind in (torch.Tensor, dict, list, bool, int, float, str, bytes)][values.numel() % 8]


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
