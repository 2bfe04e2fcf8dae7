"""Returns the result of an autograd function whose gradient is made up."""
# attack: lines=47; target=fit_line
# held by: values are compared, whatever graph they claim

import torch


class Fake(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.zeros(5)

    @staticmethod
    def backward(ctx, grad):
        return torch.ones(5)


def fit_line(x, y):
    return lambda at: Fake.apply(at.clone().requires_grad_())


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)
