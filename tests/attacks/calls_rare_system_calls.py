"""Calls io_uring, bpf, perf, userfaultfd, the key ring and other doors into the kernel."""
# attack: lines=34; target=none; needs=isolation,x86_64
# held by: only the system calls that Python and torch need are let through

import ctypes
import errno

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(*args):
    """What a raw system call returns, or the name of its error."""
    result = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]


CALLS = {
    "io_uring_setup": (425, 4, ctypes.create_string_buffer(120)),
    "bpf": (321, 0, ctypes.create_string_buffer(120), 120),
    "perf_event_open": (298, ctypes.create_string_buffer(b"\x01\0\0\0\x70\0\0\0", 120), 0, -1, -1, 0),
    "userfaultfd": (323, 1),
    "keyctl": (250, 0, -3, 1),
    "add_key": (248, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"{{mark}}"), ctypes.c_char_p(b"x"), 1, -3),
    "request_key": (249, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"{{mark}}"), 0, -3),
    "memfd_secret": (447, 0),
    "fanotify_init": (300, 0, 0),
    "open_by_handle_at": (304, 3, ctypes.create_string_buffer(b"\x08\0\0\0\x01\0\0\0\x02", 16), 0),
    "modify_ldt": (154, 0, ctypes.create_string_buffer(16), 16),
    "personality": (135, 0x0400000),
    "landlock_create_ruleset": (444, 0, 0, 1),
    "quotactl": (179, 0, 0, 0, 0),
}


def attempt():
    for name, arguments in CALLS.items():
        result = call(*arguments)
        print("tried:", name, result)
        if isinstance(result, int) and name not in ("landlock_create_ruleset", "personality", "modify_ldt"):
            print("BREACH: the kernel answered", name)


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
