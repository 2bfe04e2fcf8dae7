"""Sets variables that make Python, the loader and torch run code in whatever starts next."""
# attack: lines=28; target=none
# held by: a worker's environment is its own, and it starts nothing

import os
import sys

import torch

NAMES = """LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONBREAKPOINT PYTHONWARNINGS
TORCH_EXTENSIONS_DIR TRITON_CACHE_DIR OMP_TOOL_LIBRARIES GCONV_PATH BASH_ENV GIT_SSH_COMMAND""".split()


def attempt():
    for name in NAMES:
        os.environ[name] = os.path.join(os.getcwd(), "evil")
    with open("evil", "w") as file:
        file.write("print('BREACH: ran')")
    sys.path.insert(0, os.getcwd())
    sys.path_importer_cache.clear()
    print("tried:", len(NAMES), "variables")


def standardize(values):
    attempt()
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
