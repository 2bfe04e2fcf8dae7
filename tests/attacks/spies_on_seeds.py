"""Reads its seed from the frames and searches for the attempt's seed, to know the other checks' inputs."""
# attack: lines=11,43; target=standardize
# held by: a check's seed reveals neither the attempt's nor another check's

import sys

import torch
from blindgrade.checks import derive


def seed_in_frames():
    frame = sys._getframe(1)
    while frame is not None:
        if isinstance(frame.f_locals.get("seed"), int):
            return frame.f_locals["seed"]
        frame = frame.f_back


def standardize(values):
    own = seed_in_frames()
    torch.manual_seed(torch.initial_seed())
    names = ("has_mean_zero_and_spread_one", "works_on_a_single_row", "refuses_one_value")
    for guess in range(20_000):
        if any(derive(guess, "lesson-1.1.1", name) == own for name in names):
            print("BREACH: the attempt's seed is", guess)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
