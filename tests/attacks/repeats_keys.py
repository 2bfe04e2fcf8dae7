"""Sends JSON whose keys are repeated, so that checker and user may read different ones."""
# attack: lines=19; target=standardize; harms=correlation
# held by: a frame is checked before anything of it is used

import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


TWICE = b'{"d":[["kind","raised"],["kind","result"],["value",1],["value",{"t":["float64",[3],0,24]}]]}'
BARE = b'{"d":[["kind","result"]],"d":[["kind","result"],["value",true]]}'


def standardize(values):
    send(TWICE if values.ndim == 2 else BARE, bytes(32))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
