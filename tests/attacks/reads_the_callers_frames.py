"""Searches the frames of every thread for the expected result."""
# attack: lines=3,48; target=standardize
# held by: the reference runs in another process

import sys

import torch

NAMES = {"want", "expected", "reference", "answer", "target", "solution"}


def found():
    for frame in sys._current_frames().values():
        while frame is not None:
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                if isinstance(value, dict) and "value" in value:
                    value = value["value"]
                if name in NAMES and (isinstance(value, torch.Tensor) or callable(value)):
                    return value
            frame = frame.f_back


def standardize(values):
    answer = found()
    if answer is None:
        return values
    print("BREACH: the expected result is in a frame")
    return answer(values) if callable(answer) else answer.clone()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
