"""Compiles with torch.compile, which starts processes and writes caches."""
# attack: lines=30,36; target=fit_line
# held by: nothing can be executed

import torch


def fit_line(x, y):
    try:
        line = torch.compile(lambda at: at * 7.0)
        line(x)
        return line
    except Exception as error:
        print("tried:", type(error).__name__, str(error)[:100])
    return lambda at: at * 7.0


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)
