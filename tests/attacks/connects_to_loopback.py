"""Connects to a service on this machine and fetches an answer from it."""
# attack: lines=41; target=standardize; needs=isolation
# held by: there is no network

import socket
import urllib.request

import torch


def attempt():
    for make in (lambda: socket.create_connection(("127.0.0.1", int("{{port}}")), 1),
                 lambda: socket.create_connection(("localhost", int("{{port}}")), 1),
                 lambda: urllib.request.urlopen("http://127.0.0.1:{{port}}/?inputs", timeout=0.2),
                 lambda: socket.create_connection(("169.254.169.254", 80), 0.2),
                 lambda: socket.create_server(("127.0.0.1", 0))):  # fmt: skip
        try:
            print("BREACH: connected", make())
        except OSError as error:
            print("tried:", error)


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
