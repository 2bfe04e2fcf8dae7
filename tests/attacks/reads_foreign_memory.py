"""Reads the memory of its parent and of other workers by process_vm_readv and /proc."""
# attack: lines=13,31; target=none; needs=isolation,x86_64
# held by: both are refused, and other processes are out of sight

import contextlib
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
    buffer = ctypes.create_string_buffer(64)
    local = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
    remote = (ctypes.c_void_p * 2)(id(None), 16)  # a fork has the same addresses
    for pid in range(1, 60):
        if pid == os.getpid():
            continue
        result = call(310, pid, local, 1, remote, 1, 0)
        if isinstance(result, int):
            print("BREACH: read the memory of process", pid)
        for file in ("mem", "maps", "environ", "root", "cwd"):
            with contextlib.suppress(OSError):
                os.close(os.open(f"/proc/{pid}/{file}", os.O_RDONLY))
                print("BREACH: opened", file, "of process", pid)
    ppid = os.getppid()
    print("tried:", call(310, ppid, local, 1, remote, 1, 0), call(311, ppid, local, 1, remote, 1, 0))
    with contextlib.suppress(OSError):
        os.close(os.open(f"/proc/{ppid}/mem", os.O_RDONLY))
        print("BREACH: opened the memory of the parent")


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
