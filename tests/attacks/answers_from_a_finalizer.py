"""Sends replies when the garbage collector takes the result apart."""
# attack: lines=16,19; target=standardize; harms=correlation,fit_line
# held by: a reply is only ever an answer

import gc
import os

import torch
from blindgrade.engine.wire import frames


class Late:
    def __del__(self):
        os.write(3, frames.encode({"kind": "result", "value": {"error": "ValueError", "two": 1.0}}))


gc.callbacks.append(lambda phase, info: Late())


def standardize(values):
    return Late()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
