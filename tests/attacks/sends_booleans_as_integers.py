"""Sends true where a size, a line number or a count is expected."""
# attack: lines=19; target=standardize
# held by: a frame is checked before anything of it is used

import os

import torch
from blindgrade.engine.wire import frames


def send(header, body=b""):
    """Write one frame by hand and end the process, so that no honest reply follows it."""
    os.write(3, frames.PREFIX.pack(frames.MAGIC, len(header), len(body)) + header + body)
    os._exit(0)


REPLIES = [
    b'{"d":[["kind","result"],["value",{"t":["float64",[true,3],0,24]}]]}',
    b'{"d":[["kind","result"],["value",{"t":["float64",[3],false,24]}]]}',
    b'{"d":[["kind","raised"],["type","E"],["message",""],["own",1],["missing",null],["frames",[["a",true,"b"]]]]}',
]


def standardize(values):
    send(REPLIES[values.ndim if values.shape[-1] > 1 else 0], bytes(32))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
