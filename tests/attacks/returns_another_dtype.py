"""Returns the right values as complex, half and whole numbers."""
# attack: lines=44; target=standardize
# held by: dtypes are compared before values

import torch


def standardize(values):
    if values.shape[-1] < 2:
        return values
    centered = values - values.mean(dim=-1, keepdim=True)
    right = centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()
    return right.to(torch.complex128 if values.ndim == 2 else torch.float16)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
