"""Files that are written as a whole, and TOML files that people wrote.

A reader sees the old content or the new content of a file that is written whole, also after a crash, and never a part.
"""

from __future__ import annotations

import os
import secrets
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

TRIES, PAUSE = 10, 0.02  # attempts to rename a file that another program has open, and seconds between two
PIECE = ".blindgrade-"  # names of unfinished files begin with it


def write_whole(
    path: Path,
    content: bytes | str,
    *,
    mode: int | None = None,
    durable: bool = False,
    pieces: Path | None = None,
    new: bool = False,
) -> None:
    """Write a new file beside `path`, then rename it to `path`. Make missing folders.

    mode: the file's permissions; by default those of the process. durable: the file survives a power cut, too.
    pieces: another folder for the unfinished file, on the same file system.
    new: FileExistsError if `path` exists, also if another process makes it at the same moment.
    Raises OSError if the file cannot be written. Then the old content is unchanged, and no unfinished file is left.
    """
    fresh = _missing(path.parent) if durable else []
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = pieces or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    piece = folder / f"{PIECE}{secrets.token_hex(8)}"
    try:
        with open(piece, "xb", opener=_private if mode is not None else None) as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            if mode is not None:
                os.chmod(piece, mode)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        if new:
            os.link(piece, path)  # a rename would replace a file of this name
            piece.unlink()
        else:
            _rename(piece, path)
    except BaseException:
        with suppress(OSError):
            piece.unlink()
        raise
    if durable:
        # The name of a new folder is stored in its parent folder, so the parent is synced, too.
        for one in dict.fromkeys([path.parent, *(made.parent for made in fresh)]):
            _sync(one)


def _rename(piece: Path, path: Path) -> None:
    """Give the file its name. On Windows, a program that reads the old file stops this for a moment."""
    for _ in range(TRIES):
        with suppress(PermissionError):
            os.replace(piece, path)
            return
        time.sleep(PAUSE)
    os.replace(piece, path)


def _private(name: str, flags: int) -> int:
    """Open a file that only its owner can read until it gets its own mode."""
    return os.open(name, flags, 0o600)


def _missing(folder: Path) -> list[Path]:
    """Folders of the path `folder` that do not exist yet."""
    return [place for place in (folder, *folder.parents) if not place.exists()]


def _sync(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folder as a file, and stores a name with its file
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def toml_text(path: Path) -> str:
    """Text of a TOML file. Windows editors may write a mark (BOM) at its beginning. OSError, or ValueError."""
    return path.read_text(encoding="utf-8-sig")


def toml_data(path: Path) -> dict[str, Any]:
    """Content of a TOML file. OSError, or ValueError if the content is not valid."""
    return tomllib.loads(toml_text(path))
