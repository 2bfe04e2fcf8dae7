"""Sets 256 threads and multiplies matrices, to take the processor from others."""
# attack: lines=39; target=standardize
# held by: threads are limited, and set back before every experiment

import torch


def standardize(values):
    torch.set_num_threads(256)
    torch.ones(512, 512) @ torch.ones(512, 512)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
