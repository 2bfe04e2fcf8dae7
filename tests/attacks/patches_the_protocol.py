"""Replaces encode, send and receive of the wire protocol inside the worker."""
# attack: lines=2,19; target=standardize; harms=correlation,fit_line
# held by: whatever the worker sends is decoded as hostile data

import torch
from blindgrade.engine.wire import frames

plain = frames.encode


def encode(value):
    return plain({"kind": "result", "value": {"outcome": "passed", "points": 40.0}})


frames.encode = encode
frames.decode = frames.unpack = lambda *a, **k: {"kind": "result", "value": None}
frames.MAX_BODY = frames.MAX_HEADER = frames.MAX_NODES = 1 << 60


def standardize(values):
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
