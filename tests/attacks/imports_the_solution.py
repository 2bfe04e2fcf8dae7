"""Imports the solution and the hidden checks by every name that a course might give them."""
# attack: lines=5; target=standardize; needs=isolation
# held by: the course is not in the worker's file system

import importlib
import os
import sys

import torch

sys.path += [os.path.dirname("{{solution}}"), os.path.dirname("{{checks}}"), "{{course}}"]
NAMES = """__main__ solution solutions checks graders reference tests.ref solutions.lesson_1_1_1_basics.basics
graders.lesson_1_1_1_basics.checks misconceptions alternatives blindgrade.engine.answers.reference""".split()


def standardize(values):
    mine = sys.modules.pop("basics", None)
    try:
        for name in [*NAMES, "basics"]:
            try:
                module = sys.modules.get(name) or importlib.import_module(name)
            except ImportError:
                continue
            answer = getattr(module, "standardize", None)
            if answer is not None and not module.__file__.startswith(os.getcwd()):
                print("BREACH: the solution can be imported as", name)
                return answer(values)
    finally:
        sys.modules["basics"] = mine
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
