"""Returns a quantized tensor of the right shape, which dequantizes to zeros."""
# attack: lines=44; target=standardize
# held by: only plain, dense tensors are data

import warnings

import torch


def standardize(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.zeros(values.shape), 1.0, 0, torch.quint8)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
