"""Asks for another user, for capabilities and for programs that run as root."""
# attack: lines=34; target=none; needs=isolation,x86_64
# held by: no capability is left, and no new one can be had

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
    before = os.getresuid(), os.getresgid()
    for ask in (lambda: os.setresuid(1000, 1000, 1000), lambda: os.setuid(0), lambda: os.seteuid(1),
                lambda: os.setresgid(1000, 1000, 1000), lambda: os.setgroups([0])):  # fmt: skip
        try:
            ask()
        except OSError as error:
            print("tried:", error.strerror)
    if (os.getresuid(), os.getresgid()) != before:
        print("BREACH: is another user", os.getresuid(), os.getresgid())
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
    if call(126, header, data) == 0:
        print("BREACH: has every capability")
    now = (ctypes.c_uint32 * 6)()
    if call(125, header, now) == 0 and any(now):
        print("BREACH: has capabilities", list(now))
    print("tried: no new privileges are", call(157, 38, 0, 0, 0, 0), call(157, 39, 0, 0, 0, 0))
    print("tried: dumpable", call(157, 4, 1, 0, 0, 0), "keep capabilities", call(157, 8, 1, 0, 0, 0))


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
