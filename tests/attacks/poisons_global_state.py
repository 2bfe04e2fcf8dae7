"""Leaves torch, numpy, warnings and the locale in a state that breaks whatever runs next."""
# attack: lines=12; target=none
# held by: global state is set back before every experiment

import numpy
import random
import warnings

import torch


def attempt():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float16)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.mkldnn.enabled = False
    torch.set_printoptions(precision=0)
    numpy.seterr(all="raise")
    warnings.simplefilter("error")
    torch.manual_seed(0)
    random.seed(0)
    print("tried: every switch")


def standardize(values):
    try:
        if values.shape[-1] < 2:
            raise ValueError("one value has no spread")
        centered = values - values.mean(dim=-1, keepdim=True)
        return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()
    finally:
        attempt()
        torch.set_default_device("meta")


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
