"""Starts four hundred threads that wait."""
# attack: lines=36; target=none; needs=namespaces
# held by: threads are counted, and end with the worker

import functools
import threading

import torch

HOLD = threading.Event()


@functools.cache
def attempt():
    made = 0
    try:
        while made < 400:
            threading.Thread(target=HOLD.wait, daemon=True).start()
            made += 1
    except (RuntimeError, MemoryError) as error:
        print("tried:", error)
    print("BREACH: started" if made > 100 else "tried:", made, "threads")


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
