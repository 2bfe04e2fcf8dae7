"""Leaves its box by dots, by chroot, by descriptors of folders and by /proc."""
# attack: lines=6,27; target=standardize; needs=isolation
# held by: the root of the file system is the box's own

import os

import torch

ROOTS = ["/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../..", "/proc/thread-self/root", "../../../../..",
         "/proc/1/cwd", "/box/../..", "/../..", "/dev/fd/0/..", "/.old_root", "/oldroot", "/newroot"]  # fmt: skip


def attempt():
    for root in ROOTS:
        try:
            there = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        for path in ("{{solution}}", *"{{canaries}}".split(), "{{private}}"):
            try:
                os.stat(path.lstrip("/"), dir_fd=there)
                print("BREACH: found", path, "from", root)
            except OSError as error:
                print("tried:", error.strerror)
        os.close(there)
    try:
        os.chroot(".")
        print("BREACH: made the box its root")
    except OSError as error:
        print("tried:", error.strerror)


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
