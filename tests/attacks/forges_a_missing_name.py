"""Raises the worker's own exceptions with fields of the wrong kind and of a million characters."""
# attack: lines=19; target=standardize; harms=correlation
# held by: a reply that lacks what its kind has ends the worker

import torch
from blindgrade.engine.worker.errors import Missing


def standardize(values):
    error = Missing("standardize")
    error.name = ["a list"] if values.ndim == 2 else "n" * 1_000_000
    raise error


def correlation(first, second):
    error = Missing("correlation")
    error.name = first
    raise error


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
