"""Forges the reply to being loaded, with a thousand problems of sixty thousand characters each."""
# attack: lines=19,38; target=standardize; harms=correlation,fit_line
# held by: few problems are reported, and each is cut

import os

import torch
from blindgrade.engine.wire import frames

LONG = "t" * 60_000
PROBLEM = {"type": LONG, "message": LONG, "own": True, "missing": LONG, "frames": [[LONG, 1, LONG]], "line": 1}

os.write(3, frames.encode({"kind": "loaded", "problems": [{**PROBLEM, "line": n + 1} for n in range(3)]}))


def standardize(values):
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
