"""Copies a program into a memfd or its box and executes it from there."""
# attack: lines=34; target=none; needs=isolation,x86_64
# held by: nothing can be executed

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
    program = b"#!/bin/sh\necho BREACH: ran a program of its own\n"
    try:
        handle = os.memfd_create("mine")
        os.write(handle, program)
        print("tried: execveat", call(322, handle, ctypes.c_char_p(b""), 0, 0, 0x1000))
        os.execve(handle, ["mine"], {})
    except OSError as error:
        print("tried: memfd", error.strerror)
    with open("mine", "wb") as file:
        file.write(program)
    try:
        os.chmod("mine", 0o755)
        os.execv("mine", ["mine"])
    except OSError as error:
        print("tried: a file in the box", error.strerror)


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
