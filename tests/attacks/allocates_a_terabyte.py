"""Asks for a tensor of terabytes, a byte array and a list of the same size."""
# attack: lines=37; target=none
# held by: memory is limited, and asking for more is an error that the worker survives

import torch


def attempt():
    for ask in (lambda: torch.empty(10**12), lambda: bytearray(10**12), lambda: [0] * 10**11, lambda: b"x" * 10**11):
        try:
            print("tried:", len(ask()), "came")
        except (RuntimeError, MemoryError) as error:
            print("tried:", type(error).__name__)


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
