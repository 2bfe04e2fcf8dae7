"""Raises syntax errors at import whose text, line and file are objects of its own."""
# attack: lines=19; target=standardize; harms=correlation,fit_line
# held by: an error's fields are text and numbers, or the worker ends

import torch


class Text:
    def __str__(self):
        return "t" * 10_000_000

    def __format__(self, spec):
        raise SystemExit


def false():
    error = SyntaxError(Text(), (Text(), -1, 10**30, Text()))
    error.msg, error.lineno, error.filename = Text(), "\x1b[2J", "/etc/passwd"
    return error


raise false()


def standardize(values):
    raise false()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
