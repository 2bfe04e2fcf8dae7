"""Looks for paths of the course and options of the grader in its arguments, frames and variables."""
# attack: lines=6,29; target=standardize
# held by: what the grader sent to the warm process is gone before the submission comes

import os
import sys

import torch


def texts(value, depth=0):
    if isinstance(value, str | bytes):
        yield str(value)
    elif isinstance(value, dict) and depth < 4:
        yield from (text for pair in list(value.items()) for part in pair for text in texts(part, depth + 1))
    elif isinstance(value, list | tuple | set) and depth < 4:
        yield from (text for part in list(value) for text in texts(part, depth + 1))


def attempt():
    frame, known = sys._getframe(2), [sys.argv, sys.orig_argv, dict(os.environ)]
    while frame is not None:
        known.append(dict(frame.f_locals))
        frame = frame.f_back
    for place in known:
        for text in texts(place):
            if "{{course}}" in text and "def attempt" not in text:
                print("BREACH: knows a private path by", text[:200])


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
