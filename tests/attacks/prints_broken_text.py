"""Prints bytes that are no text, lone surrogates and NUL characters."""
# attack: lines=38,50; target=none
# held by: output is bytes until it is shown

import os
import sys

import torch


def attempt():
    print("tried: broken text", flush=True)
    os.write(1, b"\xff\xfe\x00\xed\xa0\x80\xf0\x9f" + b"\x80" * 100 + b"\n")
    print("\ud800\udfff\0", flush=True)
    print("\ud83d", file=sys.stderr, flush=True)


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
