"""Returns a FakeTensor, which has a shape, a dtype and a device and no values."""
# attack: lines=44; target=standardize
# held by: only plain, dense tensors are data

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode


def standardize(values):
    fake = FakeTensorMode().from_tensor(values)
    return fake if isinstance(fake, FakeTensor) else values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
