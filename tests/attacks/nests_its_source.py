"""Is a file whose expressions are nested twenty-five thousand deep, to crash whoever parses it."""
# attack: lines=40; target=standardize; harms=correlation,fit_line; says=RecursionError
# held by: a statement that does not parse is skipped and reported

import torch


def standardize(values):
    return 1 + {{deep}}


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
