"""Sends a stray second reply, meant to be taken for the answer to the next call."""
# attack: lines=19; target=standardize; harms=correlation,fit_line
# held by: a reply that was sent before its call can hold no right answer

import os

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    for _ in range(2):
        os.write(3, frames.encode({"kind": "result", "value": {"result": values, "input_unchanged": True}}))
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
