"""Starts pools of processes and a manager by multiprocessing and concurrent.futures."""
# attack: lines=36; target=none; needs=isolation
# held by: fork and exec are refused

import functools
import multiprocessing
import multiprocessing.shared_memory

import torch


@functools.cache
def attempt():
    for method in ("fork", "spawn", "forkserver"):
        try:
            with multiprocessing.get_context(method).Pool(2) as pool:
                print("BREACH: a pool of", pool.map(abs, [-1]))
        except (OSError, RuntimeError) as error:
            print("tried:", method, error)
    try:
        multiprocessing.shared_memory.SharedMemory("{{mark}}", create=True, size=100)
    except OSError as error:
        print("tried:", error)


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
