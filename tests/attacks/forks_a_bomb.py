"""Forks children that fork children, two hundred at most."""
# attack: lines=36; target=none; needs=isolation
# held by: fork is refused

import os
import time

import torch


def attempt():
    made = 0
    for _ in range(200):
        try:
            child = os.fork()
        except OSError as error:
            print("tried: child", made, error.strerror)
            return
        if child == 0:
            time.sleep(5)
            os._exit(0)
        made += 1
    print("BREACH: forked", made, "children")


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
