"""Follows every line of the worker with trace and profile functions and looks for the answer."""
# attack: lines=3; target=standardize
# held by: no line that knows the answer runs in the worker

import sys
import threading

import torch

SEEN = []


def spy(frame, event, arg):
    for name in ("want", "expected", "reference", "points"):
        if name in frame.f_locals and not frame.f_code.co_filename.startswith(torch.__path__[0]):
            value = frame.f_locals[name]
            if isinstance(value, torch.Tensor | dict | float):
                SEEN.append((name, value))
    return spy


sys.settrace(spy)
sys.setprofile(spy)
threading.settrace(spy)


def standardize(values):
    for name, value in SEEN:
        print("BREACH: saw", name, type(value).__name__)
        if isinstance(value, torch.Tensor):
            return value
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
