"""Forges an exception whose frames name files and lines that nobody has."""
# attack: lines=19,50; target=standardize; harms=correlation
# held by: a frame that is not in the submission is shown as text

import os

import torch
from blindgrade.engine.wire import frames

FRAMES = [["../../etc/passwd", 1, "root"], ["basics.py", 10**9, "f"], ["\x1b[2Jbasics.py", 7, "g\r"]]


def standardize(values):
    forged = [FRAMES[values.numel() % 3]]
    reply = {"kind": "raised", "type": "E", "message": "m", "own": True, "missing": None, "frames": forged}
    os.write(3, frames.encode(reply))
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
