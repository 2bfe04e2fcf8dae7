"""The course as one packed file for workers on other machines. Its name is the digest of its content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from blindgrade.catalog import CourseError, Target

TREES = ("exercises", "solutions", "graders")
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")
MIB = 1 << 20
MAX_BUNDLE = 256 * MIB


@dataclass(frozen=True)
class Bundle:
    """`content` is a packed tar; `name` is its SHA-256."""

    name: str
    content: bytes


def pack(targets: list[Target]) -> Bundle:
    """Bundle of the files that grade these lessons. Equal files give equal bytes. CourseError if it is too large."""
    root = targets[0].files.root
    files = targets[0].files
    wanted = [root / "course.toml", *files.shared.paths, files.grader_toys, *files.private_assets]
    wanted += [root / tree / target.files.folder for target in targets for tree in TREES]
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(file for place in wanted for file in _files(place)):
            content = path.read_bytes()
            entry = tarfile.TarInfo(str(path.relative_to(root)))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    content = gzip.compress(raw.getvalue(), mtime=0)
    if len(content) > MAX_BUNDLE:
        raise CourseError(f"the course's files are {len(content) // MIB} MiB packed; move data out of its folders")
    return Bundle(hashlib.sha256(content).hexdigest(), content)


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = [p for p in place.rglob("*") if p.is_file() and not any(part in LEFT_OUT for part in p.parts)]
    return found if place.is_dir() else []


def unpack(bundle: Bundle, home: Path) -> Path:
    """Folder of the unpacked course below `home`, readable only by its owner. ValueError if the bytes are damaged."""
    place = home / bundle.name
    if place.is_dir():
        return place
    if hashlib.sha256(bundle.content).hexdigest() != bundle.name:
        raise ValueError("the course arrived damaged")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(tempfile.mkdtemp(dir=home))  # mode 0700
    with tarfile.open(fileobj=io.BytesIO(bundle.content), mode="r:gz") as archive:
        archive.extractall(fresh, filter="data")
    try:
        os.rename(fresh, place)
    except OSError:  # another process of this machine unpacked it first
        shutil.rmtree(fresh, ignore_errors=True)
    return place
