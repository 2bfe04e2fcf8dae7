"""Careful reading of one file of a submission. It may be a link, a pipe, too large, or no text."""

from __future__ import annotations

import io
import os
import re
import stat
import tokenize
from pathlib import Path

MIB = 1 << 20
MAX_PYTHON = 2 * MIB
MAX_NOTEBOOK = 20 * MIB  # without the outputs of its cells
MAX_WITH_OUTPUTS = 128 * MIB
# Do not follow a link, and do not wait for a pipe. Windows has no such flags.
FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")  # PEP 263
UTF16 = (b"\xff\xfe", b"\xfe\xff")  # how a text in UTF-16 begins


class Unreadable(Exception):
    """The file cannot be read. The message says why and what to do, without the file's path."""


def read_bytes(file: Path, limit: int) -> bytes:
    """Bytes of a regular file. Unreadable for a link, a pipe (which may never end), or more than `limit` bytes."""
    try:
        if not FLAGS and file.is_symlink():  # a system that cannot refuse a link while it opens a file
            raise OSError
        handle = os.open(file, os.O_RDONLY | FLAGS)
    except OSError:
        if file.is_symlink():
            raise Unreadable("is a symbolic link; replace it with the file itself") from None
        raise Unreadable("cannot be opened; check its permissions") from None
    with open(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("is not a regular file; replace it with one")
        try:
            data = stream.read(limit + 1)
        except OSError:
            raise Unreadable("cannot be read; save it again") from None
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit / MIB:.3g} MiB; make it smaller")
    return data


def decode(data: bytes) -> tuple[str, bytes]:
    """Text of a Python file, decoded as Python does, and bytes that Python reads as this text.

    Unreadable if the file is not text.
    """
    if data.startswith(UTF16):
        raise Unreadable("is UTF-16 text, which Python does not read; save it again as UTF-8")
    if b"\0" in data:
        raise Unreadable("contains NUL bytes, so it is not UTF-8 text; save it again as UTF-8")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        text.encode("utf-8")
    except (SyntaxError, LookupError, ValueError):
        raise Unreadable(_no_text(data)) from None
    if "\0" in text:
        raise Unreadable("contains NUL characters; save it again as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # The coding line stays in the text, so the bytes must stay in that encoding.
    return text, text.encode("utf-8") if encoding.startswith("utf-8") else data


def _no_text(data: bytes) -> str:
    first = data.split(b"\n", 2)[:2]
    if any(CODING.match(line) for line in first):
        return "is not text in the encoding that its coding line names; save it again as UTF-8, without that line"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        return f"is not UTF-8 text: line {line} has the byte {byte:#04x}; save it again as UTF-8"
    return "is not UTF-8 text; save it again as UTF-8"
