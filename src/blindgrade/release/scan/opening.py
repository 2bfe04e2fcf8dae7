"""Opening of released files: the files in archives, the cells of notebooks, the code in Markdown."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
FEWEST = 8  # numbers of an array; two programs may have the same few
FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)^(?P=mark)", re.MULTILINE | re.DOTALL)
ARRAY = b"\x93NUMPY"
DEEPEST = 5
DAMAGED = (
    EOFError, OSError, RuntimeError, ValueError,
    lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class CannotOpen(Exception):
    """A file cannot be read, so it is not released. The message says why."""


@dataclass(frozen=True)
class Opened:
    """One text with its name, for example "vendor/x.whl!blindgrade/models.py"."""

    name: str
    text: str


@dataclass(frozen=True)
class Code:
    """Python code in a text. `line` is the code's first line in the text, `cell` the number of the notebook's cell."""

    text: str
    line: int = 1
    cell: int | None = None

    def where(self, line: int) -> str:
        """Place of the code's line in the text: "12", or "cell 3, line 2"."""
        return f"{self.line + line - 1}" if self.cell is None else f"cell {self.cell}, line {line}"


def opened(name: str, content: bytes, depth: int = 0) -> Iterator[Opened]:
    """Every text in a file, including the files in archives. CannotOpen if it is no text, archive or picture."""
    if depth > DEEPEST:
        raise CannotOpen(
            f"{name}: the archive has more than {DEEPEST} levels, which is too deep; pack it without archives inside"
        )
    members = _members(content)
    if members is not None:
        try:
            for inner, data in members:
                yield from opened(f"{name}!{inner}", data, depth + 1)
        except DAMAGED as error:
            raise CannotOpen(f"{name}: the scan cannot open the archive ({error}); pack it again") from None
    elif content.startswith(IMAGES):
        yield Opened(name, content.decode("latin-1"))
    else:
        try:
            yield Opened(name, array_text(content) if content.startswith(ARRAY) else content.decode("utf-8"))
        except UnicodeDecodeError:
            raise CannotOpen(f"{name}: it is not text, so it cannot be scanned; release its source instead") from None


def array_text(content: bytes) -> str:
    """What stands for an array of NumPy's format .npy in the scan: the digest of its numbers.

    Numbers of half precision and the same numbers in single precision have one digest. CannotOpen if the array has
    objects, which only a pickle can store.
    """
    import numpy as np

    try:
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except ValueError as error:
        raise CannotOpen(f"it is no array of plain numbers ({error}); store numbers without pickle") from None
    if array.size < FEWEST or array.dtype.kind not in "biuf":
        return ""
    return f"array of numbers {hashlib.sha256(array.astype(np.float64).tobytes()).hexdigest()}"


def _members(content: bytes) -> Iterator[tuple[str, bytes]] | None:
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(content)
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if content.startswith(magic):
            return _compressed(content, unpack)
    if content[257:262] == b"ustar":
        return _tar(content)
    return None


def _compressed(content: bytes, unpack: Callable[[bytes], bytes]) -> Iterator[tuple[str, bytes]]:
    yield "unpacked", unpack(content)


def _zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.comment:
            yield "(comment)", archive.comment
        for entry in archive.infolist():
            if not entry.is_dir():
                yield entry.filename, archive.read(entry)


def _tar(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isreg() else None
            if stream is not None:
                yield entry.name, stream.read()


def code_of(text: str) -> Iterator[Code]:
    """Python code in a text: a notebook's code cells, a Markdown file's fenced blocks, or the whole text."""
    cells = notebook_cells(text)
    if cells is not None:
        for number, cell in enumerate(cells, 1):
            source = _joined(cell.get("source"))
            if cell.get("cell_type") == "code":
                yield Code(source, cell=number)
            else:
                for code in _fenced(source):
                    yield Code(code.text, cell=number)
        return
    fenced = list(_fenced(text))
    yield from fenced or [Code(text)]


def notebook_cells(text: str) -> list[dict[str, Any]] | None:
    """Cells of a notebook's text; None for any other text."""
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return None
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else None


def _fenced(text: str) -> Iterator[Code]:
    for match in FENCE.finditer(text):
        yield Code(match["code"], line=text.count("\n", 0, match.start("code")) + 1)


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")
