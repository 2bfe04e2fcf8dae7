"""Loads modules, reads the kernel's log, and asks for ports, real time, the clock and a restart."""
# attack: lines=34,39; target=none; needs=isolation,x86_64
# held by: only the system calls that Python and torch need are let through

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


NAME = ctypes.create_string_buffer(os.uname().nodename.encode(), 64)
CALLS = {
    "init_module": (175, 0, 0, 0),
    "finit_module": (313, 3, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "syslog": (103, 3, ctypes.create_string_buffer(100), 100),
    "iopl": (172, 3),
    "ioperm": (173, 0, 1, 1),
    "sethostname": (170, NAME, len(NAME.value)),
    "sched_setscheduler": (144, 0, 1, (ctypes.c_int * 1)(1)),
    "setpriority": (141, 0, 0, -10),
}


def attempt():
    for name, arguments in CALLS.items():
        result = call(*arguments)
        print("tried:", name, result)
        if isinstance(result, int):
            print("BREACH: the kernel granted", name)
    # With wrong magic numbers: who may not restart the machine is told EPERM, who may is told EINVAL.
    if call(169, 1, 2, 3, 0) == "EINVAL":
        print("BREACH: may restart the machine")


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
