"""Forks twice, takes a session of its own and waits there for later submissions."""
# attack: lines=33; target=none
# held by: whatever a worker started ends with it

import os
import time

import torch


def attempt():
    try:
        child = os.fork()
    except OSError as error:
        print("tried:", error.strerror)
        return
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(20)
        os._exit(0)
    os.waitpid(child, 0)
    print("tried: a daemon was started")


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
