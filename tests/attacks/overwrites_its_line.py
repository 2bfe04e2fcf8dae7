"""Uses carriage returns, backspaces and vertical tabs to write a pass over its failure."""
# attack: lines=50; target=standardize
# held by: text of the student's is escaped where it is shown

import torch


def standardize(values):
    text = "failed\r\x1b[K  \u2713 standardize          passed     40 / 40\x0b\x0c\x08\x08\x7f\x85"
    print(text, flush=True)
    raise ValueError(text)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
