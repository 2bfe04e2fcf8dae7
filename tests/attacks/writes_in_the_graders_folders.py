"""Writes beside the course, the package, torch and the interpreter, and renames a solution."""
# attack: lines=7,27; target=none; needs=isolation
# held by: the root of the file system is read-only, and the course is not in it

import os
import sys

import torch
import blindgrade.checks

PLACES = ["{{course}}", "{{private}}", "{{package}}", *sys.path, sys.prefix, "/usr/lib", "/etc", "/"]


def attempt():
    for file in ("{{solution}}", "{{checks}}", *"{{canaries}}".split()):
        try:
            os.rename(file, file + "-{{mark}}")
            print("BREACH: renamed", file)
        except OSError as error:
            print("tried:", error.strerror)
    for place in [*PLACES, os.path.dirname(torch.__file__), os.path.dirname(blindgrade.checks.__file__)]:
        path = os.path.join(place, "{{mark}}")
        if path.startswith(os.getcwd()):
            continue
        try:
            with open(path, "w") as file:
                file.write("# a mark")
            print("BREACH: wrote", path)
        except OSError as error:
            print("tried:", error.strerror)


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
