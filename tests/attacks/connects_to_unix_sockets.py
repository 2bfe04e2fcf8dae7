"""Connects to sockets of this machine by path and by abstract name."""
# attack: lines=41; target=standardize; needs=isolation
# held by: sockets are refused, and neither path nor name can be seen

import socket

import torch


def attempt():
    for address in ("{{unix}}", "\0{{abstract}}", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/dev/log"):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(socket.AF_UNIX, kind) as made:
                    made.settimeout(1)
                    made.connect(address)
                    print("BREACH: connected to", address.strip("\0"))
            except OSError as error:
                print("tried:", error.strerror)


def standardize(values):
    attempt()
    return values


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
