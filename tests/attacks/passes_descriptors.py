"""Sends file descriptors to the grader beside its reply."""
# attack: lines=18; target=standardize; harms=correlation,fit_line
# held by: the grader receives bytes and no descriptors

import os
import socket

import torch
from blindgrade.engine.wire import frames


def standardize(values):
    frame = frames.encode({"kind": "result", "value": values})
    try:
        channel = socket.socket(fileno=os.dup(3))
        socket.send_fds(channel, [frame], [1, 2] * 60)
    except OSError as error:
        print("tried:", error)
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
