"""Announces 200 MB, sends a little of it and falls silent."""
# attack: lines=19,35; target=standardize; says=stopped after
# held by: the deadline is on the grader's clock

import os
import time

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    os.write(3, frames.PREFIX.pack(frames.MAGIC, 100, 200 << 20) + b'{"d":[["kind",')
    time.sleep(1e6)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
