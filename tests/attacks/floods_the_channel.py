"""Sends valid replies without end from a thread."""
# attack: lines=19,38; target=standardize; harms=correlation,fit_line
# held by: one frame is read for each call, and the rest ends with the worker

import os
import threading

import torch
from blindgrade.engine.wire import frames


def flood():
    frame = frames.encode({"kind": "result", "value": torch.zeros(3, 3, dtype=torch.float64)})
    for _ in range(100_000):
        os.write(3, frame)


def standardize(values):
    threading.Thread(target=flood, daemon=True).start()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
