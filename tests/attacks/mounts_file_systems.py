"""Mounts, remounts, binds and unmounts file systems by the old calls and the new ones."""
# attack: lines=34; target=none; needs=isolation,x86_64
# held by: every call about mounts is refused

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


RW, BIND, REMOUNT = 0, 4096, 32


def attempt():
    box, none = ctypes.c_char_p(os.getcwd().encode()), ctypes.c_char_p(b"none")
    root, tmpfs, proc = (ctypes.c_char_p(text) for text in (b"/", b"tmpfs", b"proc"))
    tries = {
        "mount tmpfs": (165, none, box, tmpfs, 0, 0),
        "mount proc": (165, none, box, proc, 0, 0),
        "bind": (165, root, box, none, BIND, 0),
        "remount": (165, none, root, none, REMOUNT | BIND | RW, 0),
        "umount": (166, box, 2),
        "pivot_root": (155, box, box),
        "chroot": (161, box),
        "open_tree": (428, -100, root, 1),
        "fsopen": (430, tmpfs, 0),
        "mount_setattr": (442, -100, root, 0x8000, ctypes.create_string_buffer(32), 32),
    }
    for name, arguments in tries.items():
        result = call(*arguments)
        print("tried:", name, result)
        if isinstance(result, int):
            print("BREACH:", name)


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
