"""One file of a submission, read with care: it may be a link, a pipe, too large, or no text."""

from __future__ import annotations

import io
import os
import stat
import tokenize
from pathlib import Path

MIB = 1 << 20
MAX_PYTHON = 2 * MIB
MAX_NOTEBOOK = 20 * MIB


class Unreadable(Exception):
    """Why one file cannot be read and what to do, without its path."""


def read_bytes(file: Path, limit: int) -> bytes:
    """A regular file's bytes; never a link's, never a pipe's that would not end."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if file.is_symlink():
            raise Unreadable("is a symbolic link; put the file itself in its place") from None
        raise Unreadable("cannot be opened; check its permissions") from None
    with open(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("is not a regular file; put a file in its place")
        try:
            data = stream.read(limit + 1)
        except OSError:
            raise Unreadable("cannot be read; save it again") from None
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit / MIB:.3g} MiB; make it smaller")
    return data


def decode(data: bytes) -> tuple[str, bytes]:
    """Python text as Python itself would decode it, and bytes that Python reads as that text."""
    if b"\0" in data:
        raise Unreadable("holds NUL bytes, so it is no UTF-8 text; save it again as UTF-8")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        text.encode("utf-8")
    except (SyntaxError, LookupError, ValueError):
        raise Unreadable("is not UTF-8 text, nor what its coding line says; save it again as UTF-8") from None
    if "\0" in text:
        raise Unreadable("holds NUL characters; save it again as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A coding line stays in the text, so its bytes must stay in that coding.
    return text, text.encode("utf-8") if encoding.startswith("utf-8") else data
