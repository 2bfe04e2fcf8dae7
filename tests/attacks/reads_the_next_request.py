"""Answers early and reads the grader's next request from the channel itself."""
# attack: lines=18; target=standardize; harms=correlation,fit_line
# held by: a request holds an experiment, and no verdict and no expected value

import json
import os
import socket
import time

import torch
from blindgrade.engine.wire import channel, frames


def standardize(values):
    os.write(3, frames.encode({"kind": "result", "value": torch.zeros_like(values)}))
    channel = socket.socket(fileno=3)
    request = channel.receive(channel, time.monotonic() + 1)
    text = json.dumps(request)
    for secret in ("_near_the_line", "Fail(", "expected", "solution"):
        if secret in text:
            os.write(3, frames.encode({"kind": "raised", "type": "BREACH", "message": f"the request has {secret}",
                                         "own": True, "missing": None, "frames": []}))
    os._exit(0)


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
