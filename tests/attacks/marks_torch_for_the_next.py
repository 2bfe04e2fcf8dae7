"""Patches torch, the box and the byte code of modules, and looks for that in the next worker."""
# attack: lines=12,26; target=standardize; needs=isolation; says=ended its process
# held by: a worker is forked from a process that no submission has touched

import contextlib
import os
import sys

import torch


def attempt():
    if hasattr(torch, "{{mark}}".replace("-", "_")) or os.path.exists("mark"):
        raise RuntimeError("BREACH: the last worker's patch is still here")
    setattr(torch, "{{mark}}".replace("-", "_"), True)
    torch.mean = torch.Tensor.mean = torch.zeros_like
    with open("mark", "w") as file:
        file.write("mark")
    for module in (torch, os, sys.modules["blindgrade.checks"]):
        folder = os.path.join(os.path.dirname(module.__file__), "__pycache__")
        with contextlib.suppress(OSError), open(os.path.join(folder, "{{mark}}.pyc"), "wb"):
            raise RuntimeError(f"BREACH: can write {folder}")


def standardize(values):
    attempt()
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
