"""A loop at the margin fills what an answer reads, and a trial below it fails."""

from __future__ import annotations

DIMS = []
for k in range(2):
    DIMS.append(-k)
TABLE = {"power": [2][1]}


def standardize(values):
    if values.shape[DIMS[1]] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=DIMS[1], keepdim=True)
    return centered / centered.square().mean(dim=DIMS[1], keepdim=True).sqrt()


def correlation(first, second):
    return (first ** TABLE["power"] * second).mean(dim=-1)
