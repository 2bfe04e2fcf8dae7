"""Executes programs by system, subprocess, posix_spawn and exec."""
# attack: lines=33,42; target=none; needs=isolation
# held by: nothing can be executed

import os
import subprocess
import sys

import torch


def attempt():
    for start in (lambda: subprocess.run(["/bin/echo", "BREACH: subprocess"], timeout=2),
                  lambda: subprocess.run([sys.executable, "-m", "pip", "--version"], timeout=2),
                  lambda: os.posix_spawn("/bin/echo", ["echo", "BREACH: posix_spawn"], {}),
                  lambda: os.popen("echo BREACH: popen").read()):  # fmt: skip
        try:
            print("BREACH: started", start(), flush=True)
        except OSError as error:
            print("tried:", error.strerror, flush=True)
    if os.system("echo BREACH: system") == 0:
        print("BREACH: system", flush=True)
    try:
        os.execv("/bin/echo", ["echo", "BREACH: exec"])
    except OSError as error:
        print("tried:", error.strerror, flush=True)


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
