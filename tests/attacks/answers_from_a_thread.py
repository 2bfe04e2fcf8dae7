"""Lets a thread send a forged reply in each pause between two calls."""
# attack: lines=18,19; target=standardize; harms=correlation,fit_line
# held by: a reply is only ever an answer

import os
import threading
import time

import torch
from blindgrade.engine.wire import frames


def answer():
    for _ in range(20):
        os.write(3, frames.encode({"kind": "result", "value": True}))
        time.sleep(0.002)


def standardize(values):
    threading.Thread(target=answer, daemon=True).start()
    time.sleep(0.02)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
