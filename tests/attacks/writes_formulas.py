"""Raises messages and names that a spreadsheet would compute."""
# attack: lines=51; target=standardize
# held by: messages are data in an attempt, and a gradebook's cells are quoted

import torch

FORMULAS = ["=HYPERLINK(\"http://127.0.0.1/\",\"A+\")", "+cmd|' /C calc'!A0", "@SUM(1+1)*40", "-2+3"]


def standardize(values):
    print(*FORMULAS, sep="\n")
    raise type("=40", (ValueError,), {})(FORMULAS[values.numel() % 4])


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
