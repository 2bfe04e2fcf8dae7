"""Searches upwards from the package, the interpreter and its own folder for a course with solutions."""
# attack: lines=5,6; target=standardize; needs=isolation
# held by: the worker's file system holds Python, torch and its own box

import os
import pathlib

import torch
import blindgrade.checks


def attempt():
    for start in (blindgrade.checks.__file__, torch.__file__, os.__file__, __file__, os.getcwd(), "{{package}}"):
        for folder in pathlib.Path(start).resolve().parents:
            for name in ("solutions", "graders", "course.toml", "tests", ".git"):
                found = folder / name
                if "site-packages" in str(found) or "lib/python3" in str(found):
                    continue
                try:
                    print("BREACH: read", found, os.listdir(found) if found.is_dir() else found.read_text()[:100])
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
