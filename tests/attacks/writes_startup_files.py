"""Writes files that Python, shells and Jupyter run at their next start."""
# attack: lines=27; target=none; needs=isolation
# held by: the only folder that can be written is the box

import os

import torch

FILES = """.ipython/profile_default/startup/{{mark}}.py .config/{{mark}} .jupyter/{{mark}}.py .local/{{mark}}.pth
.bashrc.d/{{mark}} {{mark}}""".split()


def attempt():
    box = os.getcwd()
    for home in ("{{home}}", "/root", "/etc/profile.d", "/etc/cron.d", "/var/spool/cron", "/tmp", "/var/tmp"):
        for file in FILES:
            path = os.path.join(home, file)
            if os.path.realpath(path).startswith(box + os.sep):
                continue  # /tmp may be a name of the box
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as opened:
                    opened.write("# a mark")
            except OSError as error:
                print("tried:", error.strerror)
                continue
            print("BREACH: wrote", path)


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
