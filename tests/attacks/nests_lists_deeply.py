"""Sends a list in a list in a list, half a million deep."""
# attack: lines=19; target=standardize
# held by: a frame is checked before anything of it is used

import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


def standardize(values):
    deep = b"[" * 500_000
    send(deep if values.ndim == 2 else b'{"d":[["kind","result"],["value",' + deep + b"]" * 500_000 + b"]]}")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
