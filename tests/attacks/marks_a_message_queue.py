"""Leaves a message in a POSIX message queue, for a later worker to read."""
# attack: lines=26; target=standardize; needs=isolation,x86_64; says=ended its process
# held by: message queues are refused, and the ipc namespace is the worker's own

import ctypes
import errno
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(*args):
    """What a raw system call returns, or the name of its error."""
    result = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]


def attempt():
    name = ctypes.c_char_p(b"{{mark}}")
    if isinstance(call(240, name, os.O_RDONLY, 0, 0), int):
        raise RuntimeError("BREACH: the last worker's queue is here")
    queue = call(240, name, os.O_RDWR | os.O_CREAT, 0o600, 0)
    if isinstance(queue, int):
        call(242, queue, ctypes.c_char_p(b"answer"), 6, 0, 0)


def standardize(values):
    attempt()
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
