"""Allocates tensors of 256 MB, eight gigabytes at most, and keeps them."""
# attack: lines=37; target=standardize; says=more memory than the exercise may use
# held by: memory is limited for each worker

import torch


def standardize(values):
    kept = [torch.empty(256 << 20, dtype=torch.uint8) for _ in range(32)]
    raise RuntimeError(f"{len(kept)} pieces of 256 MB came")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
