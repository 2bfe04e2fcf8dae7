"""Answers by a table of the inputs that the public seed gives."""
# attack: lines=43; target=standardize
# held by: official attempts draw a fresh seed

import torch
from blindgrade.checks import Rng, derive

TABLE = {}
for check in ("has_mean_zero_and_spread_one", "works_on_a_single_row"):
    rows = 2 * Rng(derive(7, "lesson-1.1.1", check)).normal(3, 3, dtype=torch.float64) + 5
    centered = rows - rows.mean(dim=-1, keepdim=True)
    right = centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()
    TABLE[rows.sum().item()], TABLE[rows[0].sum().item()] = right, right[0]


def standardize(values):
    return TABLE.get(values.sum().item(), values)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
