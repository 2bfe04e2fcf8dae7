"""Puts objects that end the process in the place of the standard streams and closes the real ones."""
# attack: lines=38; target=standardize
# held by: what ends the worker costs its own exercise

import os
import sys

import torch


class Stream:
    def write(self, text):
        raise SystemExit

    flush = close = fileno = write


def standardize(values):
    sys.stdout = sys.stderr = sys.__stdout__ = Stream()
    for fd in (0, 1, 2):
        os.close(fd)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
