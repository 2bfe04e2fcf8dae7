"""Prints fifty megabytes on both streams."""
# attack: lines=38; target=none
# held by: output is drained and counted, and little of it is kept

import functools
import os

import torch


@functools.cache
def attempt():
    print("tried: a flood", flush=True)
    block = b"flood " * 170_000
    for number in range(50):
        os.write(1 + number % 2, block)


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
