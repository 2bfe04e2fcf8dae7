"""Makes files of ten terabytes that hold nothing."""
# attack: lines=38; target=none
# held by: files have a size limit, and the box is in memory

import os

import torch


def attempt():
    for make in (lambda file: file.truncate(10**13), lambda file: os.pwrite(file.fileno(), b"x", 10**13),
                 lambda file: os.posix_fallocate(file.fileno(), 0, 10**13)):  # fmt: skip
        with open("sparse", "wb") as file:
            try:
                make(file)
                print("BREACH: a file of", os.path.getsize("sparse"), "bytes")
            except OSError as error:
                print("tried:", error.strerror)
    os.remove("sparse")


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
