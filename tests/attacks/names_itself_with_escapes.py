"""Gives classes, functions and files names that are escape sequences and paths."""
# attack: lines=50; target=standardize
# held by: text of the student's is escaped where it is shown

import os

import torch

NAME = "\x1b[2J\x1b]0;x\x07\r\u202e<b>"
SOURCE = "def fail():\n    raise Error('in a file of another name')"


def standardize(values):
    folder = os.path.dirname(__file__)
    names = {"Error": type(NAME, (ValueError,), {"__module__": NAME})}
    exec(compile(SOURCE, os.path.join(folder, NAME, "..", "..", "grader.py"), "exec"), names)
    names["fail"].__code__ = names["fail"].__code__.replace(co_name=NAME, co_qualname=NAME)
    names["fail"]()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
