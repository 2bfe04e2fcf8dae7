"""Closes its end of the channel, and puts a file of its own in its place."""
# attack: lines=18; target=standardize
# held by: a closed channel ends the worker

import os

import torch


def standardize(values):
    with open("mine", "w+b") as file:
        os.dup2(file.fileno(), 3)
        return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
