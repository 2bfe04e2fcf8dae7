"""Takes descriptors out of its parent by pidfd_open and pidfd_getfd."""
# attack: lines=18,31; target=none; needs=isolation,x86_64
# held by: pidfds are refused, and other processes are out of sight

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
    for pid in {os.getppid(), 1, 2} - {0, os.getpid()}:
        handle = call(434, pid, 0)
        print("tried:", pid, handle)
        if isinstance(handle, int):
            taken = [fd for fd in range(20) if isinstance(call(438, handle, fd, 0), int)]
            if taken:
                print("BREACH: took descriptors", taken, "of process", pid)


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
