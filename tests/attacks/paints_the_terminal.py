"""Prints and raises escape sequences that clear the screen, set titles and fill the clipboard."""
# attack: lines=50; target=standardize
# held by: text of the student's is escaped where it is shown

import torch

ESCAPES = ["\x1b[2J\x1b[H\x1b[32mPASS 100/100", "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07", "\x9b31mred",
           "\x1b]8;;http://127.0.0.1/\x1b\\link\x1b]8;;\x1b\\", "\x1bP$q\x1b\\", "\x1bc", "\x07\x05\x0e"]  # fmt: skip


def standardize(values):
    print(*ESCAPES, sep="\n", flush=True)
    raise ValueError("".join(ESCAPES))


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
