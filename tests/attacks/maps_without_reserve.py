"""Maps memory that no limit on what is used would count."""
# attack: lines=37; target=none
# held by: the limit is on addresses, whether they are used or not

import mmap

import torch

NORESERVE = 0x4000


def attempt():
    kept = []
    try:
        for _ in range(64):
            kept.append(mmap.mmap(-1, 128 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE))
        print("BREACH: mapped", len(kept) * 128, "GB")
    except (OSError, MemoryError) as error:
        print("tried:", error)


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
