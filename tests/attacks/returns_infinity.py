"""Returns infinities and the largest numbers, so that differences and means overflow."""
# attack: lines=44; target=standardize; harms=fit_line
# held by: what is not finite fails before a verdict

import torch


def standardize(values):
    return torch.full_like(values, torch.finfo(values.dtype).max) * (1 if values.ndim == 2 else 10)


def fit_line(x, y):
    return lambda at: at * float("inf")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)
