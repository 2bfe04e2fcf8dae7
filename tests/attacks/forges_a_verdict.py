"""Sends frames that claim to be a verdict, a score or an attempt."""
# attack: lines=15,18; target=standardize; says=broke the protocol
# held by: a reply of no known kind ends the worker

import os

import torch
from blindgrade.engine.wire import frames

CLAIMS = [
    {"kind": "passed", "outcome": "passed", "points": 40.0, "max_points": 40.0},
    {"schema": "blindgrade/attempt/v1", "points": 100.0, "exercises": []},
    {"kind": ["result"], "value": 1},
    {"kind": torch.ones(2), "value": 1},
]


def standardize(values):
    os.write(3, frames.encode(CLAIMS[values.shape[-1] % 4]))
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
