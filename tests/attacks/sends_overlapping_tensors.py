"""Sends tensors that share their bytes, at offsets that fit no item."""
# attack: lines=19; target=standardize
# held by: a frame is checked before anything of it is used

import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


PARTS = [b'{"t":["float64",[3],%d,24]}' % offset for offset in (0, 8, 3, 1)]


def standardize(values):
    send(b'{"d":[["kind","result"],["value",[' + b",".join(PARTS) + b"]]]}", bytes(48))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
