"""Searches every object of the process for the reference's function and for its results."""
# attack: lines=4,9; target=standardize
# held by: the reference runs in another process

import gc
import types

import torch


def found(values):
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType and thing.__name__ in ("standardize", "_spread"):
            if thing is not standardize:
                print("BREACH: the reference's function is in this process")
                return thing(values)
        if type(thing) is torch.Tensor and thing.shape == values.shape and thing is not values:
            if thing.dtype == values.dtype and thing.shape[-1] > 1 and thing.mean().abs() < 1e-9:
                return thing.clone()
    return values


def standardize(values):
    return found(values)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
