"""Opens netlink, packet, raw, vsock, crypto, Bluetooth and CAN sockets."""
# attack: lines=34,41; target=none; needs=isolation
# held by: sockets are refused

import socket

import torch

FAMILIES = {"netlink": 16, "packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "xdp": 44, "key": 15,
            "inet raw": 2, "inet6": 10, "tipc": 30, "smc": 43, "qipcrtr": 42}  # fmt: skip


def attempt():
    for name, family in FAMILIES.items():
        for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind).close()
                print("BREACH: a socket of", name)
                break
            except OSError as error:
                print("tried:", name, error.errno)


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
