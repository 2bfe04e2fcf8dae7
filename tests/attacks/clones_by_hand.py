"""Forks by the raw calls fork, vfork, clone and clone3."""
# attack: lines=33,36; target=none; needs=isolation,x86_64
# held by: clone makes threads and nothing else

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
    wanted = (ctypes.c_uint64 * 8)(0, 0, 0, 0, 17)
    for name, arguments in {"fork": (57,), "clone": (56, 17, 0, 0, 0, 0), "clone3": (435, wanted, 64)}.items():
        pid = call(*arguments)
        if pid == 0:
            os._exit(0)
        print("tried:", name, pid)
        if isinstance(pid, int):
            os.waitpid(pid, 0)
            print("BREACH: a child by", name)


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
