"""Returns sparse tensors of a huge shape, of which no value is stored."""
# attack: lines=44; target=standardize
# held by: only plain, dense tensors are data

import torch


def standardize(values):
    empty = torch.zeros((values.ndim, 0), dtype=torch.int64)
    shape = values.shape if values.ndim == 2 else (1 << 50,)
    return torch.sparse_coo_tensor(empty, torch.zeros(0, dtype=values.dtype), shape)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
