"""Merging of a release into a folder, which may hold an earlier release that a student has edited.

Three versions of each file decide: the last released one (its digest is in `.blindgrade/released.json`), the one in the
folder, and the new one. A file is replaced only if the folder still has the last released version. The folder may be a
student's repository, so its content is not trusted: links are never followed, and names in the manifest are checked.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.files import write_whole
from blindgrade.history import HID_ALL, IGNORE, IGNORED

HOME = ".blindgrade"
MANIFEST = f"{HOME}/released.json"
BASES = f"{HOME}/base"  # the last released text of the files that students edit: a difference is computed from it
WITH_BASE = (".py", ".ipynb", ".md", ".toml")
MAX_FILE = 64 << 20


class PlacingError(Exception):
    """The release cannot be written into the folder. The message names the folder and ends with what to do."""


class Manifest(BaseModel):
    """Content of `.blindgrade/released.json`: target, lessons, and each released file with its digest."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    version: str = Field(default="blindgrade/released/v1", alias="schema")
    target: str
    lessons: list[str] = []
    files: dict[str, str] = {}


@dataclass
class Summary:
    """Summary of a release: the relative paths of the files by what happened to them."""

    target: str
    to: Path
    lessons: list[str]
    scanned: bool
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # edited in the folder, unchanged in this release
    differing: dict[str, str] = field(default_factory=dict)  # edited in the folder, changed in this release: the diff


def read_manifest(to: Path) -> Manifest | None:
    """Manifest of the earlier release in `to`; None if there is none. PlacingError if it cannot be read."""
    content = _read(to, MANIFEST)
    if content is None:
        if os.path.lexists(to / MANIFEST) or not _plain_way(to, MANIFEST):
            raise PlacingError(f"{to / MANIFEST} is a link or behind a link; replace it with the released file")
        return None
    try:
        manifest = Manifest.model_validate(json.loads(content))
    except (ValueError, ValidationError, RecursionError):
        raise PlacingError(
            f"{to / MANIFEST} cannot be read; restore it (git checkout), or release into a new folder"
        ) from None
    wrong = [name for name in manifest.files if not safe(name)]
    if wrong:
        raise PlacingError(f"{to / MANIFEST} names {wrong[0]!a}, which is outside the folder; restore the manifest")
    return manifest


def place(files: dict[str, bytes], to: Path, summary: Summary) -> None:
    """Write the files into `to` and record in `summary` what happened. A file that was edited in `to` stays."""
    old = read_manifest(to) or Manifest(target=summary.target)
    new: dict[str, str] = {}
    for name, content in sorted(files.items()):
        new[name] = _place(name, content, to, old.files.get(name), summary)
    for name, released in sorted(old.files.items()):
        if name not in files:
            _clear(name, released, to, summary)
    manifest = Manifest(target=summary.target, lessons=summary.lessons, files=new)
    text = json.dumps(manifest.model_dump(mode="json", by_alias=True), indent=1, sort_keys=True) + "\n"
    _write(to, MANIFEST, text.encode())
    if _read(to, f"{HOME}/{IGNORE}") == HID_ALL:
        _write(to, f"{HOME}/{IGNORE}", IGNORED.encode())


def _place(name: str, content: bytes, to: Path, released: str | None, summary: Summary) -> str:
    """Write one file if it may be replaced; return the digest that the manifest keeps for it."""
    fresh, there = digest(content), _read(to, name)
    if there is None and not os.path.lexists(to / name) and _plain_way(to, name):
        _write(to, name, content)
        summary.added.append(name)
    elif there is not None and digest(there) == fresh:
        summary.unchanged.append(name)
    elif there is not None and digest(there) == released:
        _write(to, name, content)
        summary.updated.append(name)
    elif fresh == released:
        summary.kept.append(name)
        return fresh
    else:
        summary.differing[name] = _difference(name, to, there, content)
        # The old digest stays. So the next release shows the difference again, until somebody applies the change.
        return released or ""
    if name.endswith(WITH_BASE):
        _write(to, f"{BASES}/{name}", content)
    return fresh


def _clear(name: str, released: str, to: Path, summary: Summary) -> None:
    """Remove a file that is no longer released, if nobody edited it."""
    there = _read(to, name)
    if there is not None and digest(there) == released:
        (to / name).unlink()
        summary.removed.append(name)
    elif there is not None:
        summary.kept.append(name)
    base = f"{BASES}/{name}"
    if _read(to, base) is not None:
        (to / base).unlink()


def _difference(name: str, to: Path, there: bytes | None, content: bytes) -> str:
    if there is None:
        return "a link or a folder has the file's name"
    base = _read(to, f"{BASES}/{name}")
    before = there if base is None else base
    label = "in the folder" if base is None else "last release"
    if b"\0" in before or b"\0" in content:
        return f"{len(before)} bytes ({label}), {len(content)} bytes (this release)"
    lines = difflib.unified_diff(
        _lines(name, before), _lines(name, content), f"{name} ({label})", f"{name} (this release)", lineterm="", n=1
    )
    return "\n".join(lines)


def _lines(name: str, content: bytes) -> list[str]:
    """Lines of a text. For a notebook, only the lines of its cells, because Jupyter writes the rest."""
    text = content.decode("utf-8", "replace")
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(text)["cells"]
            text = "\n".join(f"# %% {c['cell_type']}\n{''.join(c['source'])}" for c in cells)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass  # a broken notebook is compared as plain text
    return text.splitlines()


def digest(content: bytes) -> str:
    """SHA-256 of a file's content. Windows line ends do not change it, because git may have converted them."""
    return hashlib.sha256(content if b"\0" in content else content.replace(b"\r\n", b"\n")).hexdigest()


def safe(name: str) -> bool:
    """Whether this is a relative name that stays below its folder on every system."""
    parts = name.split("/")
    return bool(name) and all(p not in ("", ".", "..") for p in parts) and not any(c in name for c in "\\:\0")


def _plain_way(to: Path, name: str) -> bool:
    """Whether every part of the path above `name` is a folder, not a link, or does not exist yet."""
    for folder in _above(to, name):
        try:
            mode = folder.lstat().st_mode
        except FileNotFoundError:
            return True
        if not stat.S_ISDIR(mode):
            return False
    return True


def _above(to: Path, name: str) -> Iterator[Path]:
    folder = to
    for part in PurePosixPath(name).parts[:-1]:
        folder = folder / part
        yield folder


def _read(to: Path, name: str) -> bytes | None:
    """Content of a plain file; None if there is none, or if it is a link or behind a link."""
    if not safe(name) or not _plain_way(to, name):
        return None
    try:
        handle = os.open(to / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with open(handle, "rb") as stream:
        return stream.read(MAX_FILE) if stat.S_ISREG(os.fstat(handle).st_mode) else None


def _write(to: Path, name: str, content: bytes) -> None:
    """Write a new file and rename it, so that an interrupted release leaves no half file. `#!` makes it executable."""
    if not safe(name) or not _plain_way(to, name):
        raise PlacingError(f"{to / name}: its path contains a link; replace the link with a folder")
    path = to / name
    try:
        write_whole(path, content, mode=0o755 if content.startswith(b"#!") else 0o644)
    except OSError as error:
        raise PlacingError(
            f"{path} cannot be written ({error.strerror}); choose another folder or free this one"
        ) from None
