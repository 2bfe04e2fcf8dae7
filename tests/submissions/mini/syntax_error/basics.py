import torch


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    return (first * second


def fit_line(x, y):
    slope, offset = torch.polyfit(x, y) if hasattr(torch, "polyfit") else ((x * y).mean() / (x * x).mean(), y.mean())
    return lambda at: slope * at + offset
