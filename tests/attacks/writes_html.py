"""Prints, raises and returns HTML, SVG, Markdown and links that run scripts."""
# attack: lines=49; target=standardize
# held by: text of the student's is escaped where it is shown

import torch

HTML = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</td></table><svg onload=alert(1)>",
        "[here](javascript:alert(1))", "{{7*7}}" "${7*7}", "<!--", "&lt;script&gt;",
        "' onmouseover='alert(1)"]  # fmt: skip


def standardize(values):
    print(*HTML, sep="\n", flush=True)
    raise type("<b onclick=alert(1)>Error</b>", (ValueError,), {})(HTML[values.numel() % 8])


def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
