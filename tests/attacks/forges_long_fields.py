"""Forges an exception whose type, file and function have sixty thousand characters."""
# attack: lines=19,38; target=standardize; harms=correlation
# held by: each field is cut where it comes in

import os

import torch
from blindgrade.engine.wire import frames

LONG = "t" * 60_000


def standardize(values):
    forged = [["basics.py" + LONG, 1, LONG]] if values.ndim == 2 else []
    reply = {"kind": "raised", "type": LONG, "message": LONG, "own": True, "missing": None, "frames": forged}
    os.write(3, frames.encode(reply))
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
