"""Prints and raises commands that a CI runner would obey, and writes to its files."""
# attack: lines=20; target=standardize
# held by: text of the student's is escaped where it is shown

import os

import torch

COMMANDS = ["::set-output name=score::100", "::add-mask::failed", "  ::stop-commands::x",
            "##[set-output name=score;]100", "::error file=basics.py,line=1::forged"]  # fmt: skip


def attempt():
    for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"):
        if name in os.environ:
            print("BREACH: has", name)
    print(*COMMANDS, sep="\n", flush=True)


def standardize(values):
    attempt()
    raise ValueError("\n::set-output name=score::100\n##[set-output name=score;]100")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
