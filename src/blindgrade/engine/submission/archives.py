"""Submissions that come as one archive. They are unpacked into a temporary folder, within limits.

Names are checked first, and only regular files and folders are taken. Bytes are counted as they come out, because the
sizes in an archive are the student's claim.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any

MIB = 1 << 20
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_ARCHIVE = 64 * MIB  # on the disk
MAX_UNPACKED = 128 * MIB  # all files together, and all that a compressed tar holds
MAX_ENTRIES = 5_000
MAX_DEPTH = 16
MAX_NAME = 200  # bytes of one part of a path
CHUNK = 1 << 16
UTF8 = 0x800  # flag of a zip's entry: its name is UTF-8
NOISE = ("__MACOSX", ".DS_Store")
# What a system answers to a name that it cannot store: a wrong character, or a path that is too long (Windows).
NAMES_REFUSED = (errno.EINVAL, errno.ENAMETOOLONG, errno.ENOENT)
# Devices of Windows. A file of such a name cannot be opened there, whatever its ending is.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
DEVICES_HAVE_NAMES = os.sep == "\\"
UNKNOWN = (".rar", ".7z", ".zipx", ".tar.zst")  # archives that only other programs open


@dataclass(frozen=True)
class Limits:
    """Limits of an archive. A file over `file` bytes is left out if `file` is less than `unpacked`."""

    archive: int = MAX_ARCHIVE
    unpacked: int = MAX_UNPACKED
    file: int = MAX_UNPACKED
    entries: int = MAX_ENTRIES
    keep: str = "the lesson's files"  # the files to pack, for the message
    enter: bool = True  # go into a folder that contains everything else


ONE = Limits()
# A whole cohort's submissions in one download. One student's file may be as large as one whole submission.
MANY = Limits(archive=8 << 30, unpacked=8 << 30, entries=200_000, keep="fewer submissions", enter=False)


class ArchiveError(Exception):
    """The archive cannot be unpacked. The message says why and what to do, without the archive's path."""


def is_archive(path: Path) -> bool:
    """Whether `unpacked` takes a file with this name."""
    return path.name.lower().endswith(SUFFIXES)


def unknown_archive(name: str) -> str:
    """Reason why an archive of another program is not opened; empty for other files."""
    return "only .zip and .tar archives are opened; pack it again as .zip" if name.lower().endswith(UNKNOWN) else ""


@contextmanager
def unpacked(path: Path, limits: Limits = ONE) -> Iterator[tuple[Path, list[str]]]:
    """Folder with the archive's files while the context lasts, and notes about files that were left out.

    ArchiveError if the archive is damaged, encrypted or over a limit.
    """
    with TemporaryDirectory(prefix="blindgrade-archive-") as folder:
        notes: list[str] = []
        try:
            if path.stat().st_size > limits.archive:
                raise ArchiveError(f"is larger than {limits.archive // MIB} MiB; pack only {limits.keep}")
            unpack = _unpack_zip if path.name.lower().endswith(".zip") else _unpack_tar
            unpack(path, _Taker(Path(folder), notes, limits))
        except (ArchiveError, FileNotFoundError):
            raise
        except (OSError, EOFError, ValueError, LookupError, NotImplementedError, RuntimeError) as error:
            raise ArchiveError(f"cannot be unpacked ({error}); pack it again, without a password") from None
        except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError) as error:
            raise ArchiveError(f"is damaged ({error}); pack it again") from None
        yield (_inner(Path(folder)) if limits.enter else Path(folder)), notes


def _inner(folder: Path) -> Path:
    """Folder with the files. Most programs pack a folder, so go down while there is only one folder."""
    for _ in range(MAX_DEPTH):
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].name.startswith(("lesson_", "exercises")):
            break
        folder = inside[0]
    return folder


class _Taker:
    """Writes files below one folder and counts them."""

    def __init__(self, folder: Path, notes: list[str], limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.notes = notes
        self.taken: set[str] = set()
        self.entries = 0
        self.room = limits.unpacked

    def wants(self, name: str, *, regular: bool) -> bool:
        """Count an entry, and return whether to take it. If not, a note says why."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise ArchiveError(f"holds more than {self.limits.entries} files; pack only {self.limits.keep}")
        reason = refused_name(name) or ("" if regular else "it is a link or a device; pack the file itself")
        # Some file systems treat these names as one, so one file would overwrite the other.
        key = unicodedata.normalize("NFC", name).casefold()
        if not reason and key in self.taken:
            reason = "the archive contains this name twice"
        if reason:
            if not any(part in NOISE for part in name.split("/")):
                self.notes.append(f"{name[:MAX_NAME]!a} was left out: {reason}")
            return False
        self.taken.add(key)
        return True

    def take(self, name: str, stream: IO[bytes]) -> None:
        """Write one file."""
        target = self.folder / PurePosixPath(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except (FileExistsError, NotADirectoryError):
            self.notes.append(f"{name!a} was left out: the archive contains this name as a file and as a folder")
            return
        except OSError as error:
            if error.errno not in NAMES_REFUSED:
                raise
            self.notes.append(f"{name[:MAX_NAME]!a} was left out: this system cannot store a file of this name here")
            return
        size = 0
        with open(handle, "wb") as file:
            while piece := stream.read(CHUNK):
                size += len(piece)
                self.room -= len(piece)
                if self.room < 0:
                    raise ArchiveError(
                        f"holds more than {self.limits.unpacked // MIB} MiB; pack only {self.limits.keep}"
                    )
                if size > self.limits.file:
                    break
                file.write(piece)
        if size > self.limits.file:
            target.unlink()
            self.room += size
            self.notes.append(f"{name[:MAX_NAME]!a} was left out: it is larger than {self.limits.file // MIB} MiB")


def clean_name(name: str) -> str:
    """Name of an entry as other programs would show it: `/` between the parts, without `.` and empty parts, composed.

    Windows programs write `\\` between the parts, although the format forbids it. A name that begins with `/` and `..`
    stay, so that they are refused.
    """
    composed = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = [part for part in composed.split("/") if part not in ("", ".")]
    return ("/" if composed.startswith("/") else "") + "/".join(parts)


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Name of an entry. Without the flag for UTF-8, most programs of today write UTF-8 all the same."""
    if entry.flag_bits & UTF8:
        return entry.filename
    with suppress(UnicodeError):
        return entry.filename.encode("cp437").decode("utf-8")
    return entry.filename


def refused_name(name: str) -> str:
    """Reason why a name is not taken; empty if the name is harmless."""
    parts = name.split("/")
    if not name or name.startswith("/") or "\\" in name or ":" in name:
        return "its name is absolute or has a character that some systems refuse"
    if any(part in ("", ".", "..") for part in parts):
        return "its name leads out of the archive"
    if not name.isprintable():
        return "its name cannot be printed"
    if len(parts) > MAX_DEPTH or any(len(part.encode("utf-8", "replace")) > MAX_NAME for part in parts):
        return "its name is too long"
    if any(part in NOISE for part in parts):
        return "it is not a file of the student"
    if DEVICES_HAVE_NAMES and any(DEVICE.fullmatch(part) or part.endswith((" ", ".")) for part in parts):
        return "Windows cannot store a file of this name; give it another one"
    return ""


def _unpack_zip(path: Path, taker: _Taker) -> None:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            kind = (entry.external_attr >> 16) & 0o170000
            given = _zip_name(entry)
            name = clean_name(given)
            folder = entry.is_dir() or given.endswith("\\")
            if folder or not taker.wants(name, regular=kind in (0, 0o100000)):
                continue
            with archive.open(entry) as stream:
                taker.take(name, stream)


def _unpack_tar(path: Path, taker: _Taker) -> None:
    with open(path, "rb") as raw:
        counted = _Counted(_plain(raw), taker.limits)
        # Read as a stream, without seeking, so that every unpacked byte passes the counter.
        with tarfile.open(fileobj=counted, mode="r|", errorlevel=2) as archive:
            for entry in archive:
                name = clean_name(entry.name)
                if entry.isdir():
                    continue
                regular = entry.isreg() and not entry.issparse()
                if taker.wants(name, regular=regular) and (stream := archive.extractfile(entry)) is not None:
                    taker.take(name, stream)


def _plain(raw: IO[bytes]) -> Any:
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(raw)
    return raw


class _Counted(io.RawIOBase):
    """Stream that raises ArchiveError when too many bytes have come out of it."""

    def __init__(self, stream: Any, limits: Limits) -> None:
        self.stream = stream
        self.limits = limits
        self.room = limits.unpacked + limits.entries * 2 * tarfile.BLOCKSIZE

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.stream.read(min(size, CHUNK) if size >= 0 else CHUNK)
        self.room -= len(piece)
        if self.room < 0:
            raise ArchiveError(f"holds more than {self.limits.unpacked // MIB} MiB; pack only {self.limits.keep}")
        return piece
