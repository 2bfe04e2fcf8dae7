"""Makes two hundred thousand files and folders, until it is refused."""
# attack: lines=38; target=none; needs=namespaces
# held by: the box has few inodes

import functools
import os

import torch


@functools.cache
def attempt():
    made = 0
    try:
        for made in range(200_000):
            os.close(os.open(f"file-{made}", os.O_CREAT | os.O_WRONLY))
            if made > 20_000:
                print("BREACH: more than", made, "files")
                return
    except OSError as error:
        print("tried: file", made, error.strerror)


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
