"""Writes the reply to the current call itself, with zeros as the answer."""
# attack: lines=18,19; target=standardize; harms=correlation
# held by: a forged reply is only an answer, and it is wrong

import os

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    os.write(3, frames.encode({"kind": "result", "value": torch.zeros_like(values)}))
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
