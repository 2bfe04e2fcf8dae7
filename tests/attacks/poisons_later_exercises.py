"""Sets a timer and audit hooks that go off while another exercise is graded."""
# attack: lines=12,32; target=standardize; harms=correlation,fit_line
# held by: a worker's troubles are its own submission's

import signal
import sys

import torch


def ring(number, frame):
    raise KeyboardInterrupt("in the middle of something else")


def audit(event, arguments):
    if event in ("socket.sendmsg", "compile", "exec", "object.__getattr__"):
        raise SystemExit


def standardize(values):
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    sys.addaudithook(audit)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
