"""Names dtypes that are attributes of torch, but no dtypes that a reply may have."""
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


NAMES = ["quint8", "load", "__class__", "float8_e4m3fn", "os", "uint16"]


def standardize(values):
    name = json.dumps(NAMES[values.numel() % 6]).encode()
    send(b'{"d":[["kind","result"],["value",{"t":[' + name + b",[3],0,24]}]]}", bytes(32))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
