"""Returns ten thousand long keys and a string of a megabyte, to be quoted in the feedback."""
# attack: lines=38; target=standardize; harms=correlation
# held by: a message has a length that a student can read

import torch


def standardize(values):
    if values.ndim == 2:
        return {f"key {n} " + "k" * 60: n for n in range(10_000)}
    return "s" * 1_000_000


def correlation(first, second):
    return "c" * 1_000_000


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
