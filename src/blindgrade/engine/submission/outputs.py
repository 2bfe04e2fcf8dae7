"""Notebooks without the outputs of their cells, which may be many times larger than everything that is graded."""

from __future__ import annotations

import re

MAX_TOKENS = 4_000_000  # a notebook of 100 MB with pictures and prints has about a million

# A string, or a bracket outside of strings. The other characters of JSON are not needed to find the outputs' end.
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
VALUE = re.compile(rb"\s*:\s*(?=[\[{])")
LEFT_OUT = {b'"outputs"': b"[]", b'"attachments"': b"{}"}


def without_outputs(content: bytes) -> bytes:
    """JSON of a notebook in which the lists of outputs and the attached pictures are empty.

    The text is not parsed, because a parsed notebook needs many times its size. A text that is no JSON stays as it is,
    or loses a part, so that the parser refuses it.
    """
    parts: list[bytes] = []
    kept = at = 0
    depth = tokens = 0
    skipped_from = -1
    filler = b""
    while (token := TOKEN.search(content, at)) is not None:
        at = token.end()
        tokens += 1
        if tokens > MAX_TOKENS:
            return content
        text = token[0]
        if skipped_from >= 0:
            depth += (text in b"[{") - (text in b"]}")
            if depth == 0:
                parts += [content[kept:skipped_from], filler]
                kept, skipped_from = at, -1
        elif text in LEFT_OUT and (value := VALUE.match(content, at)) is not None:
            # Only a key is followed by a colon, so this is no text of a cell.
            skipped_from, filler = value.end(), LEFT_OUT[text]
            at = value.end()
    return b"".join([*parts, content[kept:]])
