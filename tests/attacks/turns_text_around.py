"""Uses bidirectional overrides, zero-width and tag characters to make text read as another."""
# attack: lines=50,54; target=standardize
# held by: text of the student's is escaped where it is shown

import torch

TEXT = "\u202e04/04 dessap\u202c \u2066x\u2069 \u200b\u200d\ufeff\u00ad \U000e0041\U000e007f \u2028\u2029 p\u0430ssed"


def standardize(values):
    print(TEXT, flush=True)
    raise type("E\u202e", (ValueError,), {})(TEXT)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
