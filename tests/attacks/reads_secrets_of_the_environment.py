"""Reads the variables of its own process and of every other for keys and tokens."""
# attack: lines=29; target=standardize; needs=isolation
# held by: a worker's environment is empty, and other processes are out of sight

import glob
import os

import torch


def attempt():
    for name, value in os.environ.items():
        if any(word in name.upper() for word in ("SECRET", "TOKEN", "KEY", "PASSWORD", "GITHUB", "AWS")):
            print("BREACH: variable", name, value)
    for path in glob.glob("/proc/*/environ") + ["/proc/self/environ"]:
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError as error:
            print("tried:", error.strerror)
            continue
        if "self" not in path and str(os.getpid()) not in path and text:
            print("BREACH: read", path)
        if b"SECRET" in text:
            print("BREACH: a secret in", path, text[:4000])
    print("tried:", sorted(os.environ))


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
