"""Installs filters of its own, to hide calls from the grader or to answer them itself."""
# attack: lines=34; target=standardize; needs=isolation,x86_64
# held by: filters add up, and a later one can only refuse more

import contextlib
import ctypes
import errno
import socket

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(*args):
    """What a raw system call returns, or the name of its error."""
    result = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]


def standardize(values):
    allow = (ctypes.c_uint64 * 1)(0x7FFF000000000006)  # one instruction: return ALLOW
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(allow))
    print("tried: seccomp", call(317, 1, 0, program), flush=True)
    print("tried: with a listener", call(317, 1, 8, program), flush=True)
    print("tried: prctl", call(157, 22, 2, program, 0, 0), flush=True)
    with contextlib.suppress(OSError):
        socket.socket()
        raise RuntimeError("BREACH: sockets are let through")
    call(317, 0, 0, 0)  # strict mode: the kernel ends this process at its next call
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
