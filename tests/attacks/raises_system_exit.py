"""Raises SystemExit, KeyboardInterrupt and GeneratorExit at import and in an exercise."""
# attack: lines=17; target=standardize; says=SystemExit
# held by: what stops an experiment is reported, not obeyed

import torch

raise SystemExit(0)


def standardize(values):
    raise (SystemExit if values.ndim == 2 else KeyboardInterrupt if values.shape[-1] > 2 else GeneratorExit)(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
