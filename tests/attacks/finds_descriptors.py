"""Looks for files, sockets and pipes of the grader among its descriptors, and at who is at their other end."""
# attack: lines=18,29; target=none
# held by: a worker inherits its socket (a fresh process: two pipes) and its output pipe alone

import os
import stat

import torch


def attempt():
    last = 4 if stat.S_ISFIFO(os.fstat(3).st_mode) else 3
    for fd in range(1024):
        try:
            kind = os.fstat(fd)
        except OSError:
            continue
        name = "socket" if stat.S_ISSOCK(kind.st_mode) else "other"
        print("tried:", fd, name)
        if fd > last:
            print("BREACH: descriptor", fd, "was inherited")
    try:
        print("tried: the file system's root by descriptor", os.listdir("/proc/self/fd/3/.."))
    except OSError as error:
        print("tried:", error.strerror)


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
