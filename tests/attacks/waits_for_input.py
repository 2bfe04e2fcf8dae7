"""Waits for a line from a keyboard that nobody sits at."""
# attack: lines=35; target=standardize; says=EOFError
# held by: standard input is empty

import sys

import torch


def standardize(values):
    sys.stdin.read()
    return torch.tensor(float(input("answer? ")))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
