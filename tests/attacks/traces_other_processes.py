"""Attaches to the parent and to other processes with ptrace."""
# attack: lines=31; target=none; needs=isolation,x86_64
# held by: ptrace is refused, and other processes are out of sight

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


SEIZE, DETACH = 0x4206, 17


def attempt():
    for pid in {os.getppid(), 1, 2, os.getpid() - 1} - {0}:
        result = call(101, SEIZE, pid, 0, 0)
        print("tried:", pid, result)
        if result == 0:
            print("BREACH: traces process", pid)
            call(101, DETACH, pid, 0, 0)
    if call(312, os.getpid(), os.getppid(), 0, 3, 3) in (0, 1, 2, 3):
        print("BREACH: kcmp compares files with the parent's")


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
