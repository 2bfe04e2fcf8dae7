"""Opens descriptors until none is left, and leaves them open."""
# attack: lines=38; target=none
# held by: open files are limited for each worker

import os

import torch

KEPT = []


def attempt():
    try:
        while len(KEPT) < 100_000:
            KEPT.append(os.open("basics.py", os.O_RDONLY))
    except OSError as error:
        print("tried: descriptor", len(KEPT), error.strerror)


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
