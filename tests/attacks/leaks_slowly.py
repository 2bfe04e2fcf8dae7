"""Leaks small objects, a quarter of a gigabyte, and leaves them to the next exercise."""
# attack: lines=37; target=none
# held by: memory is limited for each worker and ends with it

import functools
import os

import torch

LEAK = []


@functools.cache
def attempt():
    try:
        for _ in range(1024):
            LEAK.append(bytearray(os.urandom(64)) * 4096)
    except MemoryError:
        print("tried: no memory is left")
    print("tried:", len(LEAK) // 4, "MB are kept")


def standardize(values):
    attempt()
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
