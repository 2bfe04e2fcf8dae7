"""Announces a body of 2^60 bytes and a header of 4 GB."""
# attack: lines=19; target=standardize; says=broke the protocol
# held by: lengths are checked before anything is allocated

import os

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    sizes = (2, 1 << 60) if values.ndim == 2 else ((1 << 32) - 1, 0)
    os.write(3, frames.PREFIX.pack(frames.MAGIC, *sizes) + b"{}")
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
