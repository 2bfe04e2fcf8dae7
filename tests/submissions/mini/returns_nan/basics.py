import torch


def fit_line(x, y):
    return lambda at: at * float('nan')
