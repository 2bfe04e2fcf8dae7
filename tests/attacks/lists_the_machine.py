"""Lists the folders where people, secrets and other submissions are."""
# attack: lines=29; target=standardize; needs=isolation
# held by: the worker's file system holds Python, torch and its own box

import os

import torch


def attempt():
    for folder in ("/home", "/root", "{{home}}", "/srv", "/mnt", "/media", "/var/lib", "/var/log", "/run/secrets"):
        try:
            names = os.listdir(folder)
        except OSError as error:
            print("tried:", error.strerror)
            continue
        if names:
            print("BREACH:", folder, "holds", names[:3])
    for path in ("/etc/shadow", "/etc/sudoers", "/root/.ssh", "{{private}}", "{{course}}", "/var/run/docker.sock"):
        try:
            os.close(os.open(path, os.O_RDONLY))
            print("BREACH: opened", path)
        except OSError as error:
            print("tried:", error.strerror)
    try:
        print("tried: / holds", sorted(os.listdir("/")))
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
