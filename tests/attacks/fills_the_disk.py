"""Writes files into its box and /dev/shm, a gigabyte at most."""
# attack: lines=38; target=none; needs=namespaces
# held by: box and /dev/shm are in memory and are small

import functools
import os

import torch


@functools.cache
def attempt():
    block = bytes(1 << 20)
    for folder in (os.getcwd(), "/dev/shm"):
        written = 0
        try:
            for number in range(16):
                with open(os.path.join(folder, f"{{mark}}-{number}"), "wb", buffering=0) as file:
                    for _ in range(32):
                        written += file.write(block)
        except OSError as error:
            print("tried:", folder, written >> 20, "MB,", error.strerror)
        if written > 200 << 20:
            print("BREACH: wrote", written >> 20, "MB into", folder)


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
