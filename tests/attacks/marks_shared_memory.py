"""Leaves a mark in /dev/shm and named semaphores, for a later worker to read."""
# attack: lines=26; target=standardize; needs=isolation; says=ended its process
# held by: each worker has a /dev/shm of its own

import contextlib
import ctypes
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)


def attempt():
    for folder in ("/dev/shm", "/dev/mqueue", "/run/lock", "/run/shm"):
        path = os.path.join(folder, "{{mark}}")
        if os.path.exists(path):
            raise RuntimeError(f"BREACH: the last worker's mark is in {folder}")
        with contextlib.suppress(OSError), open(path, "w") as file:
            file.write("an answer")
    libc.sem_open.restype = ctypes.c_void_p
    if libc.sem_open(b"/{{mark}}", os.O_RDWR):
        raise RuntimeError("BREACH: the last worker's semaphore is here")
    libc.sem_open(b"/{{mark}}", os.O_CREAT, 0o600, 1)


def standardize(values):
    attempt()
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
