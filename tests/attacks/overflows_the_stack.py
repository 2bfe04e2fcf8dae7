"""Lifts the recursion limit and runs over the end of the stack."""
# attack: lines=38; target=standardize; says=ended its process
# held by: what ends the worker costs its own exercise

import sys

import torch


def standardize(values):
    sys.setrecursionlimit(10**9)
    nested = ()
    for _ in range(1_000_000):
        nested = (nested,)
    return hash(nested)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
