"""Writes a pickle that prints in the grader on the channel, bare and inside a proper frame."""
# attack: lines=14; target=standardize
# held by: frames hold JSON and raw bytes only

import os
import pickle

import torch
from blindgrade.engine.wire import frames


class Bomb:
    def __reduce__(self):
        return print, ("BREACH: unpickled in the grader",)


def standardize(values):
    body = pickle.dumps(Bomb())
    if values.ndim == 2:
        os.write(3, body)
    else:
        os.write(3, frames.PREFIX.pack(frames.MAGIC, len(body), 0) + body)
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
