"""Reads whatever source text the worker's process can reach for verdicts and solutions."""
# attack: lines=6; target=standardize
# held by: only the slice that an experiment needs enters a worker

import contextlib
import linecache
import sys

import torch

NEEDLE = "_near" + "_the_line"  # the verdict of fit_line


def texts():
    yield from ("".join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if "torch" in file or "numpy" in file or not file.endswith(".py"):
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError), open(file) as source:
            yield source.read()


def attempt():
    for text in texts():
        if NEEDLE in text and "NEEDLE" not in text:
            print("BREACH: a verdict's source is in the worker")
        if "solution-only" in text and "NEEDLE" not in text:
            print("BREACH: the solution's source is in the worker")


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
