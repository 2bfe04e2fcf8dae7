"""Replaces the worker's own functions, so that every check gets a reply of the submission's choice."""
# attack: lines=2,7; target=standardize; harms=correlation,fit_line
# held by: a reply is only ever an answer

import torch
from blindgrade.engine.worker import errors, experiment, lesson, serve

serve._answer = lambda lesson, request: {"kind": "result", "value": torch.zeros(3, 3, dtype=torch.float64)}
for module in (errors, experiment, lesson, serve):
    module.describe_error = lambda *a, **k: {"kind": "passed"}
experiment.Experiment.run = lambda *a, **k: {"kind": "result", "value": True}
experiment.begin = lambda seed: None


def standardize(values):
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
