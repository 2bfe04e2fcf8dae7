"""Takes the rights off its folders and files, so that they cannot be removed."""
# attack: lines=27; target=none
# held by: the box ends with its mount, or is removed by whoever owns it

import functools
import os

import torch


@functools.cache
def attempt():
    os.makedirs("locked/inner", exist_ok=True)
    for name in ("locked/inner/file", "locked/file", "-rf *", "new\nline", "\x1b[2J"):
        with open(name, "w") as file:
            file.write("stays")
    for name in ("locked/inner", "locked"):
        os.chmod(name, 0)
    print("tried: chmod 0")


def standardize(values):
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
