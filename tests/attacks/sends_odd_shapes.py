"""Sends shapes whose product overflows, is hidden by a zero axis or has a hundred axes."""
# attack: lines=19; target=standardize
# held by: a frame is checked before anything of it is used

import json
import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


SHAPES = [[1 << 40, 1 << 40, 0], [1 << 32, 1 << 32], [1] * 100, [1 << 62, 4, 0]]


def standardize(values):
    shape = json.dumps(SHAPES[values.numel() % 4]).encode()
    send(b'{"d":[["kind","result"],["value",{"t":["float64",' + shape + b",0,0]}]]}")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
