import torch


def standardize(values):
    return torch.ones(1 << 40)
