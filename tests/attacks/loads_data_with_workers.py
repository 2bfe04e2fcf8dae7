"""Loads data with a DataLoader of two worker processes."""
# attack: lines=36; target=none; needs=isolation
# held by: fork is refused with a clear error

import functools

import torch


class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return index


@functools.cache
def attempt():
    try:
        for batch in torch.utils.data.DataLoader(Numbers(), num_workers=2, timeout=2):
            print("BREACH: a worker process sent", batch)
    except (OSError, RuntimeError) as error:
        print("tried:", type(error).__name__, error)


def standardize(values):
    attempt()
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
