"""Sends a proper frame one byte at a time, to be never late and never done."""
# attack: lines=35; target=standardize; says=stopped after
# held by: the deadline is for the whole reply

import os
import time

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    for byte in frames.encode({"kind": "result", "value": values}):
        os.write(3, bytes([byte]))
        time.sleep(0.3)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
