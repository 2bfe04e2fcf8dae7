"""Scans all memory of its process, by native code, for the text of the solution."""
# attack: lines=13; target=standardize
# held by: no memory of a worker has ever held a solution

import ctypes
import gc
import os

import torch

libc = ctypes.CDLL(None)


def pieces():
    """The memory around every object; the kernel says where there is none, so that nothing crashes."""
    reader, writer = os.pipe()
    for window in {id(thing) >> 24 for thing in gc.get_objects()}:
        for address in range(window << 24, (window + 1) << 24, 1 << 16):
            size = libc.write(writer, ctypes.c_void_p(address), 1 << 16)
            if size > 0:
                yield os.read(reader, size)


def attempt():
    backwards = b")deretnec(daerps_ / deretnec nruter"  # so that this file's own text is no hit
    seen = 0
    for piece in pieces():
        seen += len(piece)
        at = piece.find(b"return centered / _spre")
        while at >= 0:
            if piece[at : at + len(backwards)][::-1] == backwards:
                print("BREACH: the solution's text is in this process")
            at = piece.find(b"return centered / _spre", at + 1)
    print("tried:", seen >> 20, "MB")


def standardize(values):
    if values.ndim == 2:
        attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
