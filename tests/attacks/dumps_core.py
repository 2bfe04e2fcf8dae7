"""Crashes with a large memory, so that a core dump would fill the disk with it."""
# attack: lines=38; target=standardize; says=ended its process
# held by: core dumps are off

import ctypes
import os
import resource

import torch

BALLAST = torch.ones(64 << 20, dtype=torch.uint8)


def standardize(values):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    except (OSError, ValueError) as error:
        print("tried:", error, flush=True)
    if values.ndim == 2:
        ctypes.string_at(8)
    os.abort()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
