"""Sends tensors whose shape needs more bytes than came, or bytes that nobody claims."""
# attack: lines=19; target=standardize
# held by: a frame is checked before anything of it is used

import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


TENSORS = [b"[1000,1000],0,4", b"[3,3],0,72", b"[1000,1000],0,8000000", b"[3],72,24"]


def standardize(values):
    send(b'{"d":[["kind","result"],["value",{"t":["float64",' + TENSORS[values.numel() % 4] + b"]}]]}", bytes(48))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
